import type { Clock } from "../../../clock.ts";
import type { Database } from "../../../database.ts";
import type { CoordinationBackend } from "../../backend.ts";
import { SqliteEventLog } from "./event-log.ts";
import { SqliteFrontier } from "./frontier.ts";
import { SqliteLeases } from "./leases.ts";
import { SqliteMemory } from "./memory.ts";
import { SqliteRuns } from "./runs.ts";
import { SqliteTasks, type TaskTimes } from "./tasks.ts";

export { coordinationSchema } from "./schema.ts";

/** The waits of BullMQ's and Temporal's defaults: a second, doubling; a lease outlives two missed heartbeats. */
const defaultTimes: TaskTimes = { leaseMs: 30_000, firstRetryMs: 1_000, longestRetryMs: 300_000 };

/** Coordination inside the data file: what is written in one `Database.write` is true together. The database stays its caller's. */
export function createSqliteBackend(deps: {
  readonly database: Database;
  readonly clock: Clock;
  readonly random?: () => number;
  readonly times?: Partial<TaskTimes>;
}): CoordinationBackend {
  const { database, clock, random = Math.random } = deps;
  return {
    frontier: new SqliteFrontier({ database }),
    runs: new SqliteRuns({ database }),
    memory: new SqliteMemory({ database, clock }),
    log: new SqliteEventLog({ database }),
    leases: new SqliteLeases({ database, clock }),
    tasks: new SqliteTasks({ database, clock, random }, { ...defaultTimes, ...deps.times }),
  };
}
