import type { EventLog } from "./event-log.ts";
import type { Frontier } from "./frontier.ts";
import type { Leases } from "./leases.ts";
import type { Memory } from "./memory.ts";
import type { Runs } from "./runs.ts";
import type { Tasks } from "./tasks.ts";
import type { Transaction } from "./transaction.ts";

/** What many workers on one job share. One folder in `backends/` each. */
export interface CoordinationBackend {
  readonly tasks: Tasks;
  readonly memory: Memory;
  readonly log: EventLog;
  readonly leases: Leases;
  readonly frontier: Frontier;
  readonly runs: Runs;
  /** Effects that become true together, or none of them. */
  commit(write: (transaction: Transaction) => void): Promise<void>;
}
