import { StoreError, messageOf } from "../errors.ts";
import type { IndexFeed } from "../rag/index-feed.ts";

/** Sending pages on to the store that is searched, while a job brings more of them. */
export interface FeedBeside {
  /** All is there that the job brings: resolves when the store has it. */
  finish(): Promise<void>;
  stop(): Promise<void>;
}

/** Nothing to do where the data folder's own file is searched. A store that fails costs the job its success, never its pages. */
export function startFeeding(feed: IndexFeed | undefined, signal: AbortSignal): FeedBeside {
  if (!feed) return { finish: async () => {}, stop: async () => {} };
  const following = new AbortController();
  // What fails here fails again in `finish`, where it is told.
  const beside = feed.follow(AbortSignal.any([signal, following.signal])).catch(() => {});
  const stop = async () => {
    following.abort();
    await beside;
  };
  return {
    stop,
    async finish() {
      await stop();
      try {
        await feed.catchUp(signal);
        await feed.advise(signal);
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        throw new StoreError(
          `Every page is kept in the data folder, but some are not in the store that is searched: ${messageOf(error)} ` +
            "They are sent by the next crawl or embed, or by: forager migrate --to qdrant",
          { cause: error, retryable: error.retryable },
        );
      }
    },
  };
}
