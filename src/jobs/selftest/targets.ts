/** What a self-test measures, as `forager selftest --json` prints it. */
export interface Measurements {
  readonly messagesPerSecond: number;
  readonly messageP99Ms: number;
  readonly tasksPerSecond: number;
  readonly assignmentP99Ms: number;
  readonly recoveryMs: number;
  readonly speedup: number;
}

/** What a figure should be, and what it must be. */
export interface Target {
  readonly name: string;
  readonly unit: string;
  /** What is better than its target. */
  readonly better: "more" | "less";
  /** For two quiet cores. */
  readonly target: number;
  /** On any machine: about a third of that, since machines vary fourfold. */
  readonly gate: number;
  /** For whom it matters. */
  readonly meaning: string;
}

/** Targets to gate: docs/coordination.md. */
export const targets: { readonly [Figure in keyof Measurements]: Target } = {
  messagesPerSecond: {
    name: "messages between agents",
    unit: "/s",
    better: "more",
    target: 200_000,
    gate: 66_000,
    meaning: "agents of one process talk for next to nothing",
  },
  messageP99Ms: {
    name: "a message's way, 99 of 100",
    unit: "ms",
    better: "less",
    target: 1,
    gate: 3,
    meaning: "at 20,000 a second, from sending to its handler",
  },
  tasksPerSecond: {
    name: "durable tasks, empty",
    unit: "/s",
    better: "more",
    target: 2_000,
    gate: 660,
    meaning: "added, given out, done, and on disk at each step",
  },
  assignmentP99Ms: {
    name: "a task's start, 99 of 100",
    unit: "ms",
    better: "less",
    target: 20,
    gate: 60,
    meaning: "from adding it to its handler, when hands are free",
  },
  // A lease of 5 s, and at once where the system tells that a process is gone; other machines may take 10 s.
  recoveryMs: {
    name: "takeover after kill -9",
    unit: "ms",
    better: "less",
    target: 6_000,
    gate: 10_000,
    meaning: "a killed process's tasks go on in another one",
  },
  // Of four at most: four waits of which none needs another. A third of that would be no speed-up at all.
  speedup: {
    name: "speed-up of a plan, four at once",
    unit: "x",
    better: "more",
    target: 3,
    gate: 2,
    meaning: "against the same plan in order, with the same results",
  },
};

/** The figures in the order in which they are shown. */
export const figures = Object.keys(targets) as readonly (keyof Measurements)[];

/** Whether `value` is as good as `bound`, which is a figure's target or its gate. */
export function isAsGood({ better }: Target, value: number, bound: number): boolean {
  return better === "more" ? value >= bound : value <= bound;
}
