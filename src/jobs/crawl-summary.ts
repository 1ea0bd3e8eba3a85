import type { Clock } from "../clock.ts";
import type { CoordinationBackend } from "../coordination/backend.ts";
import type { Archive } from "../rag/archive.ts";

/** What a crawl did, counted over the whole run, interruptions included. */
export interface CrawlSummary {
  /** URLs that gave a page worth keeping, unchanged ones included. */
  readonly pages: number;
  readonly failed: number;
  readonly skipped: number;
  /** Known URLs that were not fetched, because the page limit was reached or the crawl was cut short. */
  readonly waiting: number;
  /** In the index now, whatever run brought them. */
  readonly documents: number;
  readonly chunks: number;
  /** Wire bytes of the pages. */
  readonly bytes: number;
  /** Of this call. */
  readonly durationMs: number;
  /** Pages by the tier that fetched them. */
  readonly tiers: Readonly<Record<string, number>>;
  /** Failed and skipped URLs by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Passages with a vector. */
  readonly embedded: number;
  /** Passages without one. */
  readonly toEmbed: number;
}

/** Counts a run up. */
export function summarize(
  floor: { readonly coordination: CoordinationBackend; readonly archive: Archive; readonly clock: Clock },
  run: number,
  startedAt: number,
): CrawlSummary {
  const { frontier } = floor.coordination;
  const counts = frontier.counts(run);
  const { tiers, bytes } = frontier.fetched(run);
  const stats = floor.archive.stats();
  return {
    pages: counts.done,
    failed: counts.failed,
    skipped: counts.skipped,
    waiting: counts.ready + counts.leased,
    documents: stats.documents,
    chunks: stats.chunks,
    bytes,
    durationMs: floor.clock.now() - startedAt,
    tiers,
    failures: frontier.reasons(run),
    embedded: stats.embedded,
    toEmbed: stats.chunks - stats.embedded,
  };
}
