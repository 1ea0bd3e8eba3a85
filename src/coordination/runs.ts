/** A job's record: what was asked, how far it came. */
export interface Run {
  readonly id: number;
  readonly job: string;
  /** Equal for the same request: how a run is found again after an interruption. */
  readonly key: string;
  readonly state: "running" | "finished" | "interrupted" | "failed";
  readonly startedAt: number;
  readonly finishedAt: number;
  /** What the run was asked for and, when it ended, what it did; JSON. */
  readonly request: unknown;
  readonly result: unknown;
}

/** Runs of jobs. Synchronous; inside `Database.write`. */
export interface Runs {
  start(job: string, key: string, request: unknown, now: number): Run;
  /** Takes up a run that did not finish. @throws {RangeError} When there is none with this id. */
  resume(id: number): Run;
  end(id: number, state: "finished" | "interrupted" | "failed", result: unknown, now: number): void;
  /** The latest run with this key, whatever its state. */
  latest(job: string, key: string): Run | undefined;
  list(limit: number): Run[];
}
