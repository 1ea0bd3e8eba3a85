import type { EventLog } from "./event-log.ts";
import type { Frontier } from "./frontier.ts";
import type { Leases } from "./leases.ts";
import type { Runs } from "./runs.ts";
import type { Tasks } from "./tasks.ts";

/** What many workers on one job share. One folder in `backends/` each. */
export interface CoordinationBackend {
  readonly frontier: Frontier;
  readonly runs: Runs;
  readonly log: EventLog;
  readonly leases: Leases;
  readonly tasks: Tasks;
}
