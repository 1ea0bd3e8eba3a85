import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import type { EventStream } from "../events.ts";
import type { Archive } from "../rag/archive.ts";
import type { EmbedBacklog } from "../rag/embed-backlog.ts";
import type { IndexFeed } from "../rag/index-feed.ts";
import { startFeeding } from "./feed-beside.ts";

export interface EmbedSummary {
  /** Passages that got a vector in this call. */
  readonly added: number;
  readonly embedded: number;
  readonly chunks: number;
  readonly durationMs: number;
}

/** What embedding stands on. */
export interface EmbedFloor {
  readonly archive: Archive;
  readonly backlog: EmbedBacklog;
  readonly feed: IndexFeed | undefined;
  readonly events: EventStream;
  readonly clock: Clock;
}

/** Works on the embedding backlog until it is done or the time is over. */
export async function embed(
  floor: EmbedFloor,
  options: { readonly onlyLead?: boolean; readonly forMs?: number },
  context: RunContext,
): Promise<EmbedSummary> {
  const startedAt = floor.clock.now();
  const before = floor.archive.stats().embedded;
  const toEmbed = floor.archive.backlogSize(options.onlyLead ?? false);
  floor.events.emit({
    type: "queue-measured",
    done: 0,
    failed: 0,
    skipped: 0,
    ready: 0,
    inFlight: 0,
    toEmbed,
  });
  const feeding = startFeeding(floor.feed, context.signal);
  try {
    await floor.backlog.run({
      onlyLead: options.onlyLead ?? false,
      ...(options.forMs === undefined ? {} : { untilMs: startedAt + options.forMs }),
      signal: context.signal,
    });
    await feeding.finish();
  } finally {
    await feeding.stop();
  }
  const { chunks, embedded } = floor.archive.stats();
  return { added: embedded - before, embedded, chunks, durationMs: floor.clock.now() - startedAt };
}
