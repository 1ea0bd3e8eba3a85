import type { ReadPage } from "../agents/reader-thread.ts";
import type { Finding } from "../agents/finding.ts";
import type { Clock } from "../clock.ts";
import type { Scope } from "../browser/scope.ts";
import { hostOf, isSameSite, normalizeUrl, writtenHost } from "../browser/url.ts";
import type { CoordinationBackend } from "../coordination/backend.ts";
import type { ClaimedUrl, NewUrl } from "../coordination/frontier.ts";
import type { Run } from "../coordination/runs.ts";
import type { FailureReason } from "../document.ts";
import type { ForagerEvent } from "../events.ts";
import type { Archive } from "../rag/archive.ts";
import type { CrawlOptions } from "./crawl-options.ts";

/** What recording stands on. */
export interface RecordFloor {
  readonly archive: Archive;
  readonly coordination: CoordinationBackend;
  readonly scope: Scope;
  readonly clock: Clock;
  readonly run: Run;
  readonly options: CrawlOptions;
  /** Since when each host has been asking to come back later. */
  readonly waitingSince: Map<string, number>;
}

type PageFinding = Extract<Finding, { kind: "page" }>;

/**
 * Makes what a researcher brought true, all of it or nothing: document, passages, terms, new URLs, the URL's own state
 * and the event. Runs inside `Database.write`.
 * @returns The events to show once the transaction stands.
 * @throws {LeaseLostError} When the URL has passed to another holder: nothing is recorded.
 */
export function recordFinding(
  floor: RecordFloor,
  claim: ClaimedUrl,
  finding: Finding,
  startedAt: number,
): ForagerEvent[] {
  const events = record(floor, claim, finding, startedAt);
  const now = floor.clock.now();
  for (const event of events) {
    if (event.type !== "urls-found")
      floor.coordination.log.append(`run/${floor.run.id}`, event.type, event, now);
  }
  return events;
}

function record(floor: RecordFloor, claim: ClaimedUrl, finding: Finding, startedAt: number): ForagerEvent[] {
  switch (finding.kind) {
    case "page":
      floor.waitingSince.delete(claim.host);
      return finding.verdict.kind === "ok"
        ? recordPage(floor, claim, finding, startedAt)
        : recordRefusedPage(floor, claim, finding, startedAt);
    case "not-modified":
      return recordUnchanged(floor, claim, startedAt);
    case "deferred":
      return recordDeferred(floor, claim, finding, startedAt);
    case "no-page":
      return recordNoPage(floor, claim, finding, startedAt);
  }
}

function recordPage(
  floor: RecordFloor,
  claim: ClaimedUrl,
  finding: PageFinding,
  startedAt: number,
): ForagerEvent[] {
  const { archive, coordination, clock, run } = floor;
  const { page, value } = finding;
  const { indexed, signals } = value;
  if (!indexed || !signals) throw new TypeError("A page that is ok was read for the index.");
  const events: ForagerEvent[] = [];

  const url = keyOf(page.finalUrl);
  const skip = (reason: FailureReason, detail: string): ForagerEvent[] => {
    const ended = {
      kind: "skipped",
      reason,
      detail,
      httpStatus: page.httpStatus,
      tier: page.tier,
      verdict: "ok",
    } as const;
    coordination.frontier.finish(claim, ended, clock.now());
    return [...events, { type: "page-skipped", url: claim.url, reason, detail }];
  };
  const maxDepth = floor.options.maxDepth ?? Infinity;
  let from = claim.id;
  if (url !== claim.key) {
    const scope = floor.scope.judge(page.finalUrl);
    if (!scope.isIn) return skip("out of scope", `it leads to ${page.finalUrl}: ${scope.why}`);
    const final = coordination.frontier.registerFinal(
      claim,
      { key: url, url: page.finalUrl, host: hostOf(page.finalUrl) },
      { maxDepth, now: clock.now() },
    );
    if (final.isDuplicate) return skip("duplicate", `it leads to ${url}, which was fetched already`);
    from = final.id;
  }
  const added = coordination.frontier.add(run.id, followable(floor, value, claim.depth + 1), {
    maxDepth,
    from,
  });
  if (added > 0) events.push({ type: "urls-found", added, from: page.finalUrl });
  if (signals.isNoindex) {
    archive.deleteDocument(url);
    return skip("noindex", "the page asks not to be indexed");
  }
  const canonical = canonicalKey(indexed.document.canonicalUrl, page.finalUrl);
  const twin = archive
    .twins(writtenHost(page.finalUrl), indexed.contentHash)
    .find(
      (other) =>
        other.url !== url &&
        (other.url === canonical || canonicalKey(other.canonicalUrl, other.url) === canonical),
    );
  if (twin && canonical !== url) return skip("duplicate", `it has the content of ${twin.url}`);
  if (twin) archive.deleteDocument(twin.url);

  const stored = archive.upsert({
    url,
    requestedUrl: claim.key,
    finalUrl: page.finalUrl,
    host: writtenHost(page.finalUrl),
    httpStatus: page.httpStatus,
    tier: page.tier,
    fetchedAt: page.fetchedAt,
    etag: page.headers["etag"] ?? "",
    lastModified: page.headers["last-modified"] ?? "",
    contentHash: indexed.contentHash,
    bytes: page.wireBytes,
    document: indexed.document,
    chunks: indexed.chunks,
    terms: indexed.terms,
  });
  const ended = {
    kind: "done",
    httpStatus: page.httpStatus,
    tier: page.tier,
    verdict: "ok",
    bytes: page.wireBytes,
  } as const;
  coordination.frontier.finish(claim, ended, clock.now());
  events.push({
    type: "page-stored",
    url,
    tier: page.tier,
    ms: clock.now() - startedAt,
    bytes: page.wireBytes,
    chunks: indexed.chunks.length,
    isChanged: stored.isChanged,
  });
  return events;
}

/** A page came, but it is an error, a wall, a form or nothing: it is not indexed, and a page that has gone leaves the index. */
function recordRefusedPage(
  floor: RecordFloor,
  claim: ClaimedUrl,
  finding: PageFinding,
  startedAt: number,
): ForagerEvent[] {
  const { httpStatus, tier } = finding.page;
  const reason = finding.reason ?? "unreadable";
  const detail = finding.verdict.evidence;
  if (httpStatus === 404 || httpStatus === 410 || reason === "soft 404")
    floor.archive.deleteDocument(claim.key);
  const kind = reason === "unsupported type" ? "skipped" : "failed";
  floor.coordination.frontier.finish(
    claim,
    { kind, reason, detail, httpStatus, tier, verdict: finding.verdict.kind },
    floor.clock.now(),
  );
  return [ended(floor, claim, kind, reason, detail, startedAt)];
}

function recordUnchanged(floor: RecordFloor, claim: ClaimedUrl, startedAt: number): ForagerEvent[] {
  const { archive, coordination, clock } = floor;
  const url = archive.validators(claim.key)?.url ?? claim.key;
  archive.touch(url, clock.now());
  coordination.frontier.finish(
    claim,
    { kind: "done", httpStatus: 304, tier: "http", verdict: "ok", bytes: 0 },
    clock.now(),
  );
  return [
    {
      type: "page-stored",
      url,
      tier: "http",
      ms: clock.now() - startedAt,
      bytes: 0,
      chunks: 0,
      isChanged: false,
    },
  ];
}

/** The host asked to come back later: that is no failure of the page, until it has asked for too long. */
function recordDeferred(
  floor: RecordFloor,
  claim: ClaimedUrl,
  finding: Extract<Finding, { kind: "deferred" }>,
  startedAt: number,
): ForagerEvent[] {
  const { coordination, clock, options } = floor;
  const since = floor.waitingSince.get(claim.host) ?? clock.now();
  floor.waitingSince.set(claim.host, since);
  if (finding.untilMs - since > options.maxHostWaitMs) {
    const { reason = "rate limited" } = finding;
    const verdict = finding.reason === undefined ? "rate-limited" : "transport";
    const detail = `${finding.why}; it would have been a wait of more than ${options.maxHostWaitMs} ms`;
    const result = { kind: "failed", reason, detail, httpStatus: 0, tier: "", verdict } as const;
    coordination.frontier.finish(claim, result, clock.now());
    return [ended(floor, claim, "failed", reason, detail, startedAt)];
  }
  coordination.frontier.release(claim, finding.untilMs, { countsAsAttempt: false });
  coordination.frontier.setHost(claim.host, { notBefore: finding.untilMs });
  return [{ type: "host-delayed", host: claim.host, untilMs: finding.untilMs, why: finding.why }];
}

function recordNoPage(
  floor: RecordFloor,
  claim: ClaimedUrl,
  finding: Extract<Finding, { kind: "no-page" }>,
  startedAt: number,
): ForagerEvent[] {
  const { coordination, clock, options } = floor;
  const { reason, detail } = finding;
  if (finding.isTransient && claim.attempt < options.maxAttempts) {
    const dueAt = clock.now() + backoffMs(claim.attempt);
    coordination.frontier.release(claim, dueAt, { countsAsAttempt: true });
    return [{ type: "page-retried", url: claim.url, reason, dueAt }];
  }
  const kind =
    reason === "robots" || reason === "unsupported type" || reason === "out of scope" ? "skipped" : "failed";
  const tier = finding.attempts.at(-1)?.tier ?? "";
  coordination.frontier.finish(
    claim,
    { kind, reason, detail, httpStatus: 0, tier, verdict: "transport" },
    clock.now(),
  );
  return [ended(floor, claim, kind, reason, detail, startedAt)];
}

function ended(
  floor: RecordFloor,
  claim: ClaimedUrl,
  kind: "failed" | "skipped",
  reason: FailureReason,
  detail: string,
  startedAt: number,
): ForagerEvent {
  return kind === "failed"
    ? { type: "page-failed", url: claim.url, reason, detail, ms: floor.clock.now() - startedAt }
    : { type: "page-skipped", url: claim.url, reason, detail };
}

/** URLs for the frontier from addresses that were checked already. */
export function seedUrls(urls: readonly string[], depth: number): NewUrl[] {
  return urls.flatMap((url) => {
    const normalized = normalizeUrl(url);
    return normalized.kind === "url"
      ? [{ key: normalized.key, url: normalized.url, host: normalized.host, depth }]
      : [];
  });
}

function followable(floor: RecordFloor, page: ReadPage, depth: number): NewUrl[] {
  if (page.signals?.isNofollow) return [];
  return page.links
    .filter((link) => !link.isNofollow && floor.scope.judge(link.url).isIn)
    .map(({ key, url, host }) => ({ key, url, host, depth }));
}

function canonicalKey(canonicalUrl: string, finalUrl: string): string {
  return canonicalUrl !== "" && isSameSite(canonicalUrl, finalUrl) ? keyOf(canonicalUrl) : keyOf(finalUrl);
}

function keyOf(url: string): string {
  const normalized = normalizeUrl(url);
  return normalized.kind === "url" ? normalized.key : url;
}

/** 1, 4, 16 s and so on, give or take a quarter, so that what failed together does not return together. */
function backoffMs(attempt: number): number {
  return 1_000 * 4 ** (attempt - 1) * (0.75 + Math.random() / 2);
}
