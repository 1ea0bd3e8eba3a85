import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { Answer } from "../rag/answering/answer.ts";
import type { Archive } from "../rag/archive.ts";
import type { Calibration } from "../rag/calibration/calibration.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";
import type { Embedder } from "../rag/embedder.ts";
import type { JudgedQuery } from "../rag/evaluation/judged-query.ts";
import type { Reranker } from "../rag/reranker.ts";
import type { RetrieveOptions } from "../rag/retrieval/retrieve-options.ts";

/** What a calibration stands on. */
export interface CalibrationFloor {
  readonly archive: Pick<Archive, "documents" | "stats">;
  readonly store: ChunkStore;
  readonly embedder: Embedder;
  readonly reranker?: Reranker | undefined;
  readonly clock: Clock;
  readonly retrieve: RetrieveOptions;
  /** For the confidence: answers with the one they state themselves, not yet corrected. Absent: it stays as it is. */
  readonly ask?: ((question: string, context: RunContext) => Promise<Answer>) | undefined;
  /** Keeps the result in place of the one before, at once or not at all. */
  readonly keep: (calibration: Calibration) => Promise<unknown>;
}

/** How far a calibration has come. */
export interface CalibrationProgress {
  readonly step: "pages" | "queries" | "answers";
  readonly done: number;
  /** Absent where it is not known yet. */
  readonly of?: number;
}

export interface CalibrateOptions {
  /** Judged queries; without, or with too few, the pages' own links and headings are asked. */
  readonly queries?: readonly JudgedQuery[];
  readonly seed: number;
  /** Longest it may take. */
  readonly timeoutMs: number;
  readonly onProgress?: (progress: CalibrationProgress) => void;
}
