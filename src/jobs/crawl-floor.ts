import type { Lessons } from "../browser/lessons.ts";
import type { Scope } from "../browser/scope.ts";
import type { RunContext } from "../context.ts";
import type { Clock } from "../clock.ts";
import type { CoordinationBackend } from "../coordination/backend.ts";
import type { NamedLocks } from "../coordination/plans/admission.ts";
import type { AgentRef } from "../coordination/workforce.ts";
import type { Database } from "../database.ts";
import type { EventStream } from "../events.ts";
import type { Log } from "../log.ts";
import type { CrawlPlan } from "../agents/planner.ts";
import type { Finding } from "../agents/finding.ts";
import type { PageErrand } from "../agents/researcher.ts";
import type { Archive } from "../rag/archive.ts";
import type { EmbedBacklog } from "../rag/embed-backlog.ts";
import type { IndexFeed } from "../rag/index-feed.ts";
import type { CrawlOptions } from "./crawl-options.ts";

/** What a crawl stands on; `app.ts` hands it down. */
export interface CrawlFloor {
  readonly database: Database;
  readonly archive: Archive;
  readonly coordination: CoordinationBackend;
  readonly planner: AgentRef<{ seeds: string[]; useSitemaps: boolean }, CrawlPlan>;
  readonly researcher: AgentRef<PageErrand, Finding>;
  /** Pages that researchers take on at once just now. */
  readonly hands: () => number;
  /** Told how many URLs wait for researchers. */
  readonly demand: { waiting: number };
  /** What plans of this process may not use at the same time. */
  readonly locks: NamedLocks;
  /** Absent with `embed: "off"`. */
  readonly backlog: EmbedBacklog | undefined;
  /** Sends pages on to the store that is searched; absent where that is the archive's own file. */
  readonly feed: IndexFeed | undefined;
  readonly scope: (seeds: readonly string[], options: CrawlOptions) => Scope;
  readonly sitemapUrls: (origin: string, context: RunContext) => AsyncIterable<{ readonly url: string }>;
  /** What those who fetch learn about sites. */
  readonly lessons: readonly Lessons[];
  readonly events: EventStream;
  readonly clock: Clock;
  readonly log: Log;
}
