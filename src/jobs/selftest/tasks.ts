import type { RunContext } from "../../context.ts";
import type { Tasks } from "../../coordination/tasks.ts";
import { leaveEffect } from "./effects.ts";
import type { Ledgers } from "./ledger.ts";
import { percentile } from "./percentile.ts";

const emptyKind = "selftest/empty";
const assignedKind = "selftest/assigned";
const atATime = 100;
const hands = 32;
/** Adding waits beyond this, as a crawl's does. */
const waiting = { high: 1_000, low: 500 };
/** More than all of it takes: a task that a pause of the machine kept waiting is not done twice. */
const timeoutMs = 60_000;

/** How long to add tasks, in each way. */
export interface TaskLoad {
  /** Empty ones, as fast as they are done. */
  readonly emptyMs: number;
  /** One after the other, each with an effect. */
  readonly assignedMs: number;
}

interface TaskFloor {
  readonly tasks: Pick<Tasks, "add" | "consume" | "limit" | "wait">;
  readonly ledgers: Pick<Ledgers, "tasks" | "effects">;
}

/** How many durable tasks a queue takes, gives out and ends, and how soon one is begun when hands are free. */
export async function measureTasks(
  floor: TaskFloor,
  load: TaskLoad,
  context: RunContext,
): Promise<{ readonly tasksPerSecond: number; readonly assignmentP99Ms: number }> {
  return {
    tasksPerSecond: await throughput(floor, load.emptyMs, context),
    assignmentP99Ms: percentile(await assignments(floor, load.assignedMs, context), 0.99),
  };
}

async function throughput({ tasks, ledgers }: TaskFloor, ms: number, context: RunContext): Promise<number> {
  tasks.limit(emptyKind, { waiting });
  await using consumer = tasks.consume(emptyKind, async (id) => ledgers.tasks.settle(id as number), {
    concurrency: hands,
    timeoutMs,
    context,
  });
  const startedAt = performance.now();
  let added = 0;
  for (; performance.now() - startedAt < ms; added += atATime) {
    const batch = Array.from({ length: atATime }, () => ({ kind: emptyKind, input: ledgers.tasks.issue() }));
    await tasks.add(batch, { signal: context.signal });
  }
  await consumer.idle(context.signal);
  return (added / (performance.now() - startedAt)) * 1_000;
}

async function assignments(
  { tasks, ledgers }: TaskFloor,
  ms: number,
  context: RunContext,
): Promise<number[]> {
  const waits: number[] = [];
  await using _consumer = tasks.consume(
    assignedKind,
    async (input, own) => {
      const { id, effect, addedAt } = input as { id: number; effect: number; addedAt: number };
      waits.push(performance.now() - addedAt);
      ledgers.tasks.settle(id);
      await leaveEffect(own, effect);
    },
    { concurrency: 1, timeoutMs, context },
  );
  for (const endsAt = performance.now() + ms; performance.now() < endsAt;) {
    const input = { id: ledgers.tasks.issue(), effect: ledgers.effects.issue(), addedAt: performance.now() };
    const [task = 0] = await tasks.add([{ kind: assignedKind, input }], { signal: context.signal });
    await tasks.wait(task, context.signal);
  }
  return waits;
}
