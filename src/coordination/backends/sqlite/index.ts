import type { Clock } from "../../../clock.ts";
import type { Database } from "../../../database.ts";
import type { CoordinationBackend } from "../../backend.ts";
import { SqliteEventLog } from "./event-log.ts";
import { SqliteFrontier } from "./frontier.ts";
import { SqliteLeases } from "./leases.ts";
import { SqliteMemory } from "./memory.ts";
import { SqliteRuns } from "./runs.ts";
import { SqliteTasks, type TaskTimes } from "./tasks/tasks.ts";
import { SqliteTransaction } from "./transaction.ts";

export { coordinationSchema, coordinationUpgrades } from "./schema.ts";

/**
 * The waits of BullMQ's and Temporal's defaults: a second, doubling. A lease outlives two missed heartbeats, and a dead
 * process on this machine is seen at the next beat.
 */
const defaultTimes: TaskTimes = {
  leaseMs: 5_000,
  firstRetryMs: 1_000,
  longestRetryMs: 300_000,
  stopMs: 5_000,
};

/** Coordination inside the data file: what is written in one `Database.write` is true together. The database stays its caller's. */
export function createSqliteBackend(deps: {
  readonly database: Database;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly times?: Partial<TaskTimes>;
}): CoordinationBackend {
  const { database, clock, random = Math.random } = deps;
  const memory = new SqliteMemory({ database, clock });
  const log = new SqliteEventLog({ database });
  const transaction = new SqliteTransaction({
    addTasks: (added) => tasks.insert(added),
    memory: memory.rows,
    log,
    clock,
  });
  const tasks = new SqliteTasks({ database, clock, random, transaction }, { ...defaultTimes, ...deps.times });
  return {
    frontier: new SqliteFrontier({ database }),
    runs: new SqliteRuns({ database }),
    memory,
    log,
    leases: new SqliteLeases({ database, clock }),
    tasks,
    commit: (write) => database.write(() => write(transaction)),
  };
}
