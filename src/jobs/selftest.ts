import { systemClock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import { InProcessBus } from "../coordination/bus/in-process-bus.ts";
import { endsWithin, runWithin } from "../deadline.ts";
import { StoreError, TimeoutError, messageOf } from "../errors.ts";
import { settleEffects } from "./selftest/effects.ts";
import { type Ledger, type Ledgers, emptyLedgers } from "./selftest/ledger.ts";
import { measureMessages } from "./selftest/messages.ts";
import { measurePlan } from "./selftest/parallel-plan.ts";
import { measureRecovery } from "./selftest/recovery.ts";
import { openScratch, scratchFolder, scratchRemedy } from "./selftest/scratch.ts";
import { type Measurements, figures, isAsGood, targets } from "./selftest/targets.ts";
import { measureTasks } from "./selftest/tasks.ts";

/** What was measured, on this machine and in this run; null where its part failed. */
export type SelfTestFigures = { readonly [Name in keyof Measurements]: number | null } & {
  /** The plan of four nodes, one after the other and side by side. */
  readonly sequentialMs: number | null;
  readonly parallelMs: number | null;
  /** Of all messages, tasks and effects: those that never happened, and those that happened more than once. */
  readonly lost: number;
  readonly doubled: number;
};

/** How a self-test went. */
export interface SelfTest {
  readonly figures: SelfTestFigures;
  /** How many there were of what was counted. */
  readonly counted: { readonly messages: number; readonly tasks: number; readonly effects: number };
  /** Everything that is not as it must be, a sentence each; none when all is well. */
  readonly problems: readonly string[];
}

/** One part of the test. */
export interface Phase {
  readonly name: string;
  /** It is given up after so long. */
  readonly limitMs: number;
  run(context: RunContext): Promise<Partial<SelfTestFigures>>;
}

/** Together below the 20 s that a self-test may take, with what each is given to clean up. */
const limitsMs = { recovery: 7_500, messages: 3_500, tasks: 4_000, plan: 3_000 };
/** For a part that was ended early to kill its process and let go of its tasks. */
const cleanUpMs = 250;
/** Of what was lost or doubled, so many are named. */
const namesShown = 5;

/**
 * Tries the machinery of coordination out with made-up work, and measures it: messages, durable tasks, a killed process,
 * a plan in parallel. Works in a folder of its own under the temporary one, which is gone afterwards.
 * @param onPhase Told what is tried next.
 * @throws {StoreError} When that folder cannot be written.
 */
export async function selftest(
  context: RunContext,
  onPhase: (name: string) => void = () => {},
): Promise<SelfTest> {
  using folder = scratchFolder();
  using backend = openScratch(folder.path);
  const { tasks, log } = backend;
  const ledgers = emptyLedgers();
  const phases: readonly Phase[] = [
    {
      name: "recovery",
      limitMs: limitsMs.recovery,
      run: (own) => measureRecovery({ folder: folder.path, tasks, ledgers }, own),
    },
    {
      name: "messages",
      limitMs: limitsMs.messages,
      run: async (own) => {
        await using bus = new InProcessBus({ clock: systemClock });
        const load = { warmUpMs: 150, burstMs: 600, pacedMs: 1_000, perSecond: 20_000 };
        return await measureMessages({ bus, ledgers }, load, own);
      },
    },
    {
      name: "tasks",
      limitMs: limitsMs.tasks,
      run: (own) => measureTasks({ tasks, ledgers }, { emptyMs: 1_000, assignedMs: 700 }, own),
    },
    {
      name: "plan",
      limitMs: limitsMs.plan,
      run: (own) => measurePlan({ backend, clock: systemClock, ledgers }, { nodeMs: 250 }, own),
    },
  ];
  const { measured, failures } = await runPhases(phases, context, { onPhase, ledgers });
  settleEffects(log, ledgers.effects);
  return report(measured, failures, ledgers);
}

/**
 * Runs one part after the other, each within its limit; a failed one is a sentence, and the rest goes on. What it left
 * undone in `ledgers` counts as lost by nobody.
 * @throws {StoreError} When the folder cannot be written: then there is nothing more to try.
 */
export async function runPhases(
  phases: readonly Phase[],
  context: RunContext,
  { onPhase, ledgers }: { readonly onPhase?: (name: string) => void; readonly ledgers?: Ledgers } = {},
): Promise<{ readonly measured: Partial<SelfTestFigures>; readonly failures: readonly string[] }> {
  let measured: Partial<SelfTestFigures> = {};
  const failures: string[] = [];
  for (const phase of phases) {
    onPhase?.(phase.name);
    const before = Object.values<Ledger>({ ...ledgers }).map((ledger) => [ledger, ledger.issued] as const);
    try {
      measured = { ...measured, ...(await runPhase(phase, context)) };
    } catch (error) {
      context.signal.throwIfAborted();
      if (error instanceof StoreError)
        throw new StoreError(`${error.message} ${scratchRemedy}`, { cause: error });
      failures.push(`The part "${phase.name}" failed: ${messageOf(error)}`);
      for (const [ledger, issued] of before) ledger.abandon(issued);
    }
  }
  return { measured, failures };
}

async function runPhase(phase: Phase, context: RunContext): Promise<Partial<SelfTestFigures>> {
  const { name, limitMs } = phase;
  let work: Promise<unknown> = Promise.resolve();
  const limit = {
    timeoutMs: limitMs,
    trace: `${context.trace}/${name}`,
    reason: () => new TimeoutError("It", limitMs),
  };
  try {
    return await runWithin(context, limit, (own) => {
      const running = phase.run(own);
      work = running;
      return running;
    });
  } finally {
    await endsWithin(work, cleanUpMs);
  }
}

/** Figures and ledgers, and what is wrong with them. */
export function report(
  measured: Partial<SelfTestFigures>,
  failures: readonly string[],
  ledgers: Ledgers,
): SelfTest {
  const { messages, tasks, effects } = ledgers;
  const all = [messages, tasks, effects];
  const lost = all.flatMap((ledger: Ledger) => ledger.lost());
  const doubled = all.flatMap((ledger: Ledger) => ledger.doubled());
  const missed = figures.flatMap((figure) => {
    const value = measured[figure];
    const target = targets[figure];
    if (value === undefined || value === null || isAsGood(target, value, target.gate)) return [];
    const side = target.better === "more" ? "at least" : "at most";
    return [`${figure} is ${rounded(value)}; it must be ${side} ${target.gate}.`];
  });
  return {
    figures: {
      messagesPerSecond: rounded(measured.messagesPerSecond),
      messageP99Ms: rounded(measured.messageP99Ms),
      tasksPerSecond: rounded(measured.tasksPerSecond),
      assignmentP99Ms: rounded(measured.assignmentP99Ms),
      recoveryMs: rounded(measured.recoveryMs),
      speedup: rounded(measured.speedup),
      sequentialMs: rounded(measured.sequentialMs),
      parallelMs: rounded(measured.parallelMs),
      lost: lost.length,
      doubled: doubled.length,
    },
    counted: { messages: messages.issued, tasks: tasks.issued, effects: effects.issued },
    problems: [...failures, ...told("Lost", lost), ...told("Doubled", doubled), ...missed],
  };
}

function told(what: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : "";
  return [`${what}: ${names.slice(0, namesShown).join(", ")}${more}.`];
}

/** As many digits as mean something. */
function rounded(value: number | null | undefined): number | null {
  if (value === undefined || value === null) return null;
  return Math.abs(value) >= 1_000 ? Math.round(value) : Number(value.toPrecision(4));
}
