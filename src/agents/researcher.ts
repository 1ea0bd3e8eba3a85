import { z } from "zod";
import type { Assess, FetchLadder } from "../browser/fetch-ladder.ts";
import type { RunContext } from "../context.ts";
import type { Agent } from "../coordination/agent.ts";
import type { AgentPool } from "../coordination/pools/pool.ts";
import type { FetchedPage } from "../document.ts";
import { MissingError } from "../errors.ts";
import { FilterSchema } from "../rag/filter.ts";
import type { Retrieval, Retriever, Wording } from "../rag/retrieval/retrieve.ts";
import { Finding } from "./finding.ts";
import type { HostGuard } from "./host-guard.ts";
import type { ReadPage } from "./reader-thread.ts";

/** A page may send readers on by `<meta refresh>` this often. */
const maxRefreshes = 3;

const PageErrand = z.strictObject({
  url: z.url(),
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  /** Somebody waits for it: when it is slow, a second try is made beside the first. */
  isCritical: z.boolean().optional(),
});
export type PageErrand = z.output<typeof PageErrand>;

/** Goes for pages: climbs the ladder, has what comes back read by the extractor and judged by the validator's rules. */
export function createPageResearcher(deps: {
  readonly ladder: FetchLadder;
  readonly extractor: AgentPool<FetchedPage, ReadPage>;
  /** Holds calls back from hosts that have stopped answering. */
  readonly hosts?: HostGuard;
}): Agent<PageErrand, Finding> {
  const assess = async (page: FetchedPage, context: RunContext) => {
    const value = await deps.extractor.run(page, context);
    return { verdict: value.verdict, value };
  };
  return {
    role: "researcher",
    input: PageErrand,
    output: Finding,
    async run(errand, context) {
      const { hosts, ladder } = deps;
      const go = (request: PageErrand) => {
        const once = (context: RunContext) => climb(ladder, request, assess, context);
        const isCritical = errand.isCritical ?? false;
        return hosts ? hosts.find(request.url, context, once, { isCritical }) : once(context);
      };
      let request = errand;
      for (let refreshes = 0; ; refreshes += 1) {
        const finding = await go(request);
        const next = refreshTarget(finding);
        if (!next || refreshes >= maxRefreshes) return finding;
        request = { url: next };
      }
    },
  };
}

/** A browser that is missing from the machine fails the pages that need it, not the crawl. */
async function climb(
  ladder: FetchLadder,
  errand: PageErrand,
  assess: Assess<ReadPage>,
  context: RunContext,
): Promise<Finding> {
  const { url, etag, lastModified } = errand;
  try {
    return await ladder.fetch(
      { url, ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) },
      assess,
      context,
    );
  } catch (error) {
    if (error instanceof MissingError)
      return {
        kind: "no-page",
        reason: "needs browser",
        detail: error.message,
        isTransient: false,
        attempts: [],
      };
    throw error;
  }
}

function refreshTarget(finding: Finding): string | undefined {
  if (finding.kind !== "page") return undefined;
  const refreshUrl = finding.value.signals?.refreshUrl ?? "";
  return refreshUrl !== "" && refreshUrl !== finding.page.finalUrl ? refreshUrl : undefined;
}

const Lookup = z.strictObject({
  parts: z.array(z.string().min(1)).min(1),
  /** For each part, other words for it. */
  wordings: z.array(z.array(z.custom<Wording>((value) => typeof value === "object"))).optional(),
  limit: z.int().min(1),
  filter: FilterSchema.optional(),
});
export type Lookup = z.output<typeof Lookup>;
const Retrievals = z.array(
  z.custom<Retrieval>((value) => typeof value === "object" && value !== null && "hits" in value),
);

/** Looks each part of a question up in the index, side by side. */
export function createIndexResearcher(deps: {
  readonly retriever: Retriever;
  /** What a reader should know of the index itself. */
  readonly notes?: readonly string[];
}): Agent<Lookup, Retrieval[]> {
  const { retriever, notes = [] } = deps;
  return {
    role: "researcher",
    input: Lookup,
    output: Retrievals,
    run: ({ parts, wordings, limit, filter }, context) =>
      Promise.all(
        parts.map(async (part, index) => {
          const request = { limit, filter, wordings: wordings?.[index] };
          const found = await retriever.retrieve(part, request, context.signal);
          return { ...found, notes: [...notes, ...found.notes] };
        }),
      ),
  };
}
