import { rootContext } from "../../src/context.ts";
import { percentile, perSecond, range } from "./figures.ts";
import type { Readings } from "./rows.ts";
import { type Store, openStore, temporaryFile } from "./store.ts";

const count = 10_000;
const context = rootContext("bench");

/** Durable tasks: added, claimed, run and ended; and how soon one begins. */
export async function measureTasks(): Promise<Readings> {
  using file = temporaryFile();
  using store = openStore(file.path);
  await cycles(store, 64); // warm
  const tasksAdded = await perSecond(count, () => addTasks(store, count));
  const tasks1 = await done(store, 1);
  const tasks8 = await cycles(store, 8);
  const tasks64 = await cycles(store, 64);
  using inMemory = openStore(":memory:");
  await cycles(inMemory, 64);
  const memoryTasks = await cycles(inMemory, 64);
  return { tasksAdded, tasks1, tasks8, tasks64, memoryTasks, assignmentP99: await assignment(store) };
}

/** Adds them a hundred a call. */
export async function addTasks({ tasks }: Store, many: number): Promise<void> {
  for (let first = 0; first < many; first += 100)
    await tasks.add(range(100).map((index) => ({ kind: "work", input: first + index })));
}

async function cycles(store: Store, concurrency: number): Promise<number> {
  await addTasks(store, count);
  return await done(store, concurrency);
}

/** A second, of all there are. */
async function done({ tasks }: Store, concurrency: number): Promise<number> {
  const { ready } = tasks.counts("work");
  return await perSecond(ready, async () => {
    await using consumer = tasks.consume("work", async (input) => input, {
      concurrency,
      timeoutMs: 1_000,
      context,
    });
    await consumer.idle();
  });
}

/** p99 from adding a task to its start, while nothing else is to be done. */
async function assignment({ tasks }: Store): Promise<number> {
  const starts: number[] = [];
  const waits: number[] = [];
  const start = async () => void starts.push(performance.now());
  await using _idle = tasks.consume("one", start, { concurrency: 1, timeoutMs: 1_000, context });
  for (const round of range(500)) {
    const addedAt = performance.now();
    const [id] = await tasks.add([{ kind: "one", input: round }]);
    await tasks.wait(Number(id));
    waits.push((starts[round] ?? Number.NaN) - addedAt);
  }
  return percentile(waits, 0.99);
}
