import type { CoordinationBackend } from "../coordination/backend.ts";
import type { FrontierCounts } from "../coordination/frontier.ts";
import type { ChunkStore, StoreStats } from "../rag/chunk-store.ts";

/** What a data folder holds, and who works on it. */
export interface Status {
  readonly dataDir: string;
  readonly bytesOnDisk: number;
  /** The process that is writing, or undefined. */
  readonly owner: string | undefined;
  readonly index: StoreStats;
  /** The latest runs, newest first. */
  readonly runs: readonly {
    readonly id: number;
    readonly job: string;
    readonly state: string;
    readonly startedAt: string;
    readonly finishedAt: string;
    readonly counts: FrontierCounts;
    /** Failed and skipped URLs by reason. */
    readonly reasons: Readonly<Record<string, number>>;
  }[];
}

const runsShown = 5;

/** Counts what is there; nothing is changed. */
export function describeStatus(folder: {
  readonly path: string;
  readonly store: ChunkStore;
  readonly coordination: CoordinationBackend;
  owner(): string | undefined;
  bytesOnDisk(): number;
}): Status {
  const { runs, frontier } = folder.coordination;
  return {
    dataDir: folder.path,
    bytesOnDisk: folder.bytesOnDisk(),
    owner: folder.owner(),
    index: folder.store.stats(),
    runs: runs.list(runsShown).map((run) => ({
      id: run.id,
      job: run.job,
      state: run.state === "running" && folder.owner() === undefined ? "interrupted" : run.state,
      startedAt: new Date(run.startedAt).toISOString(),
      finishedAt: run.finishedAt > 0 ? new Date(run.finishedAt).toISOString() : "",
      counts: frontier.counts(run.id),
      reasons: frontier.reasons(run.id),
    })),
  };
}
