/** One line of the table: what a reading has to be. */
export interface Row {
  readonly name: string;
  readonly unit: "/s" | "us" | "ms" | "%" | "x" | "waiting";
  readonly better: "more" | "less";
  /** What is aimed at: the stretch figures, or what others reach. */
  readonly target?: number;
  /** What it must be on any machine. */
  readonly gate?: number;
}

/**
 * Everything that is measured, in the order of the table. Gates are the promises of docs/coordination.md, or about a
 * third of what a quiet machine of two cores does; targets name where they are from.
 */
export const rows = {
  busMessages: {
    name: "bus: messages, async handler",
    unit: "/s",
    better: "more",
    target: 800_000,
    gate: 200_000,
  },
  emitter: { name: "EventEmitter: the same, no mailbox, no deadline", unit: "/s", better: "more" },
  // Of the prototype: .0015 to .003 ms.
  busPacedP99: { name: "bus: p99 at 20,000/s", unit: "ms", better: "less", target: 0.003, gate: 1 },
  // A thousand at the target's speed take 1.25 ms.
  busBurstP99: { name: "bus: p99 in bursts of 1,000", unit: "ms", better: "less", target: 1.25, gate: 10 },
  mailboxDepth: {
    name: "bus: deepest mailbox, 900 senders, slow receiver",
    unit: "waiting",
    better: "less",
    target: 1_000,
    gate: 1_000,
  },
  busContended: {
    name: "bus: messages, 500 senders that wait for room",
    unit: "/s",
    better: "more",
    target: 400_000,
    gate: 150_000,
  },
  busTopic: {
    name: "bus: deliveries, 10 followers, 1,000 patterns",
    unit: "/s",
    better: "more",
    target: 800_000,
    gate: 200_000,
  },
  busRequests: {
    name: "bus: requests answered, one by one",
    unit: "/s",
    better: "more",
    target: 200_000,
    gate: 50_000,
  },

  // SQLite alone: 60,000 to 129,000 rows.
  tasksAdded: { name: "tasks added, 100 a call", unit: "/s", better: "more", target: 60_000, gate: 20_000 },
  tasks1: { name: "durable tasks, 1 at a time", unit: "/s", better: "more", target: 5_000, gate: 2_000 },
  tasks8: { name: "durable tasks, 8 at a time", unit: "/s", better: "more", target: 5_000, gate: 2_000 },
  tasks64: { name: "durable tasks, 64 at a time", unit: "/s", better: "more", target: 5_000, gate: 2_000 },
  // BullMQ's best: 1.7 ms.
  assignmentP99: {
    name: "p99 from adding a task to its start",
    unit: "ms",
    better: "less",
    target: 1.7,
    gate: 20,
  },
  memoryTasks: {
    name: "tasks of a database in memory, 64 at a time",
    unit: "/s",
    better: "more",
    target: 50_000,
  },
  poolScheduled: {
    name: "scheduled in memory: pool of 16, 1,000 calls at once",
    unit: "/s",
    better: "more",
    target: 187_000,
    gate: 50_000,
  },
  pQueue: { name: "p-queue: the same, no schema, no deadline", unit: "/s", better: "more" },
  poolCall: { name: "pool: one call after another", unit: "us", better: "less", target: 7, gate: 20 },

  // Redis with Lua: 17,000 one by one, 31,000 in flight.
  casSequential: {
    name: "compare and swap, one by one",
    unit: "/s",
    better: "more",
    target: 17_000,
    gate: 5_000,
  },
  casAtOnce: {
    name: "compare and swap, 64 at once",
    unit: "/s",
    better: "more",
    target: 31_000,
    gate: 10_000,
  },
  // SQLite alone: 113,000 to 292,000 rows.
  events: { name: "events appended, 50 a commit", unit: "/s", better: "more", target: 113_000, gate: 38_000 },
  watchOwnP99: {
    name: "p99 from a change to its watcher, same process",
    unit: "ms",
    better: "less",
    target: 10,
    gate: 100,
  },
  watchOtherP99: {
    name: "p99 from a change to its watcher, another process",
    unit: "ms",
    better: "less",
    target: 60,
    gate: 100,
  },

  spawnP99: { name: "p99 of starting a member of a pool", unit: "ms", better: "less", target: 10, gate: 50 },
  crashRecovery: {
    name: "agent throws 3 times: until the next call is served",
    unit: "ms",
    better: "less",
    target: 200,
    gate: 2_000,
  },
  hangRecovery: {
    name: "agent hangs, 100 ms grace: until the next is served",
    unit: "ms",
    better: "less",
    target: 200,
    gate: 2_000,
  },
  scaleUp: {
    name: "calls wait: until the governor grows the pool",
    unit: "ms",
    better: "less",
    target: 1_100,
    gate: 2_000,
  },
  scaleDown: {
    name: "loop late, heap full: until it shrinks the pool",
    unit: "ms",
    better: "less",
    target: 1_100,
    gate: 2_000,
  },

  restart: {
    name: "kill -9, 10,000 leased: reopened, until one starts",
    unit: "ms",
    better: "less",
    target: 330,
    gate: 1_000,
  },
  takeover: {
    name: "kill -9, 10,000 leased: until another process has one",
    unit: "ms",
    better: "less",
    target: 6_000,
    gate: 10_000,
  },
  takeoverOfStopped: {
    name: "SIGSTOP, 10,000 leased: until another has one",
    unit: "ms",
    better: "less",
    target: 6_000,
    gate: 10_000,
  },
  newLeader: {
    name: "kill -9 of the leader: until another leads",
    unit: "ms",
    better: "less",
    target: 2_000,
    gate: 6_000,
  },

  parallelPlan: {
    name: "plan of 4 nodes of 1 s, side by side",
    unit: "ms",
    better: "less",
    target: 1_100,
    gate: 1_300,
  },
  sequentialPlan: { name: "the same, one after another", unit: "ms", better: "less" },
  speedUp: { name: "its speed-up", unit: "x", better: "more", target: 3.6, gate: 3 },
  idleCpu: {
    name: "CPU of a process with everything open, waiting",
    unit: "%",
    better: "less",
    target: 0.5,
    gate: 1,
  },

  tasksAtTenfold: {
    name: "durable tasks, 100,000 queued to 10,000",
    unit: "x",
    better: "more",
    target: 0.9,
    gate: 0.5,
  },
  restartAtTenfold: {
    name: "kill -9, 100,000 leased: reopened, until one starts",
    unit: "ms",
    better: "less",
    target: 1_000,
    gate: 3_000,
  },
  casAtTenfold: {
    name: "compare and swap, 100,000 keys to 10,000",
    unit: "x",
    better: "more",
    target: 0.9,
    gate: 0.5,
  },
  eventsAtTenfold: {
    name: "events appended, stream of 1,000,000 to 100,000",
    unit: "x",
    better: "more",
    target: 0.9,
    gate: 0.5,
  },
  readAtTenfold: {
    name: "p99 of reading the last 100 of 1,000,000 events",
    unit: "ms",
    better: "less",
    target: 1,
    gate: 5,
  },
} as const satisfies Readonly<Record<string, Row>>;

export type RowId = keyof typeof rows;
/** What was measured, by row. */
export type Readings = Partial<Record<RowId, number>>;

/** Which row does the same with somebody else's work. */
export const peers: Partial<Record<RowId, RowId>> = { busMessages: "emitter", poolScheduled: "pQueue" };
