import type { RunContext } from "../context.ts";
import { MissingError } from "../errors.ts";
import type { CrawlFloor } from "./crawl-floor.ts";
import type { CrawlOptions } from "./crawl-options.ts";

/** Embedding that goes on while a crawl does. */
export interface EmbeddingBeside {
  /** All pages are there: resolves when as much as was asked for has vectors. */
  crawlEnded(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Vectors beside the crawl, and after it as far as was asked. What the embedder runs on may be missing from the machine:
 * that costs the vectors, with a warning, never the crawl.
 */
export function startEmbedding(
  floor: Pick<CrawlFloor, "backlog" | "log">,
  options: CrawlOptions,
  context: RunContext,
): EmbeddingBeside {
  const { backlog } = floor;
  if (!backlog) return { crawlEnded: async () => {}, stop: async () => {} };
  const onlyLead = options.embed === "lead";
  const following = new AbortController();
  const beside = backlog
    .follow({ onlyLead, signal: AbortSignal.any([context.signal, following.signal]) })
    .catch((error: unknown) => (following.signal.aborted || context.signal.aborted ? undefined : { error }));
  return {
    async crawlEnded() {
      following.abort();
      try {
        const failure = await beside;
        if (failure) throw failure.error;
        await backlog.run({ onlyLead, signal: context.signal });
      } catch (error) {
        if (!(error instanceof MissingError)) throw error;
        floor.log.warn("passages get no vectors", { why: error.message });
      }
    },
    async stop() {
      following.abort();
      await beside;
    },
  };
}
