import type { Database } from "../../../database.ts";
import { LeaseLostError } from "../../../errors.ts";
import {
  maxCrashes,
  type ClaimedUrl,
  type EndedUrl,
  type FetchedCounts,
  type FinalUrl,
  type Frontier,
  type FrontierCounts,
  type NewUrl,
  type UrlResult,
} from "../../frontier.ts";
import { HostTurns, shares, type HostTurn } from "./host-turns.ts";
import { UrlGraph, type UrlNode, type Walk } from "./url-graph.ts";

/** Rows read at a time by `ended`, so that writes may come between. */
const pageRows = 256;
const endedColumns = `id, run, coalesce(url, key) AS url, state, reason, detail, http_status AS httpStatus, tier, verdict,
  attempt AS attempts, at AS finishedAt`;

/** The frontier as rows of the data file; every step goes through an index on what waits, never over what is done. */
export class SqliteFrontier implements Frontier {
  readonly #database: Database;
  readonly #turns: HostTurns;
  readonly #graph: UrlGraph;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
    this.#turns = new HostTurns(deps);
    this.#graph = new UrlGraph(deps);
  }

  add(
    run: number,
    urls: readonly NewUrl[],
    options: { readonly maxDepth: number; readonly from?: number },
  ): number {
    const { from, maxDepth } = options;
    const walk: Walk = { run, maxDepth, touched: new Set() };
    const nearest = from === undefined ? Infinity : (this.#graph.byId(from)?.depth ?? Infinity) + 1;
    const hosts = new Map<string, number>();
    const seen = new Set<string>();
    let armed = 0;
    for (const url of urls) {
      if (seen.has(url.key)) continue;
      seen.add(url.key);
      const known = this.#graph.byKey(url.key);
      const depth = Math.min(url.depth, nearest);
      let target = known;
      if (!known || known.run < run) {
        const state = depth <= maxDepth ? "ready" : "beyond";
        if (known) this.#graph.rearm(walk, known, state, depth);
        else target = this.#graph.insert(walk, url, this.#hostId(url.host, hosts), state, depth);
        if (state === "ready") armed += 1;
      } else if (known.run === run && depth < known.depth) {
        armed += this.#graph.relax(walk, known, depth);
      }
      if (target && from !== undefined) this.#graph.connect(walk, from, target.id, 1);
    }
    this.#refresh(walk);
    return armed;
  }

  carryOver(from: number, to: number, options: { readonly maxDepth: number }): number {
    const { changes } = this.#database
      .prepare(
        `UPDATE url SET run = ?1, state = iif(depth <= ?2, 'ready', 'beyond'), attempt = 0, starts = 0,
           reason = '', detail = '', http_status = 0, tier = '', verdict = '', bytes = 0
         WHERE run = ?3 AND state <> 'covered'`,
      )
      .run(to, options.maxDepth, from);
    for (const { host } of this.#turns.of(from)) {
      this.#turns.refresh(from, host);
      this.#turns.refresh(to, host);
    }
    return Number(changes);
  }

  claim(
    run: number,
    options: { readonly limit: number; readonly leaseMs: number; readonly now: number },
  ): ClaimedUrl[] {
    const { limit, leaseMs, now } = options;
    const claims: ClaimedUrl[] = [];
    while (claims.length < limit) {
      const free = limit - claims.length;
      const turns = this.#turns.due(run, now, free);
      if (turns.length === 0) break;
      for (const { turn, share } of shares(turns, free)) {
        claims.push(...this.#take(run, turn, share, leaseMs, now));
      }
    }
    return claims;
  }

  registerFinal(
    claim: ClaimedUrl,
    final: FinalUrl,
    options: { readonly maxDepth: number; readonly now: number },
  ): { readonly id: number; readonly isDuplicate: boolean } {
    const own = this.#graph.byId(claim.id);
    if (!own || !this.#holds(claim)) throw new LeaseLostError(claim.url);
    if (final.key === claim.key) return { id: claim.id, isDuplicate: false };
    const walk: Walk = { run: own.run, maxDepth: options.maxDepth, touched: new Set() };
    const known = this.#graph.byKey(final.key);
    const isDuplicate =
      known !== undefined && known.run >= own.run && (known.state === "done" || known.state === "covered");
    const target = this.#cover(walk, own, known, final, isDuplicate, options.now);
    this.#graph.connect(walk, own.id, target.id, 0);
    this.#refresh(walk);
    return { id: target.id, isDuplicate };
  }

  finish(claim: ClaimedUrl, result: UrlResult, now: number): void {
    const { reason, detail, bytes } =
      result.kind === "done" ? { reason: "", detail: "", ...result } : { bytes: 0, ...result };
    const { changes } = this.#database
      .prepare(
        `UPDATE url SET state = ?, at = ?, reason = ?, detail = ?, http_status = ?, tier = ?, verdict = ?, bytes = ?,
           starts = 0
         WHERE id = ? AND state = 'leased' AND fence = ?`,
      )
      .run(
        result.kind,
        now,
        reason,
        detail,
        result.httpStatus,
        result.tier,
        result.verdict,
        bytes,
        claim.id,
        claim.fence,
      );
    if (changes === 0) throw new LeaseLostError(claim.url);
  }

  release(claim: ClaimedUrl, dueAt: number, options: { readonly countsAsAttempt: boolean }): void {
    const row = this.#database
      .prepare(
        `UPDATE url SET state = 'waiting', at = ?, attempt = attempt - ?, starts = 0
         WHERE id = ? AND state = 'leased' AND fence = ? RETURNING run, host`,
      )
      .get(Math.ceil(dueAt), options.countsAsAttempt ? 0 : 1, claim.id, claim.fence);
    if (!row) throw new LeaseLostError(claim.url);
    this.#turns.refresh(Number(row["run"]), Number(row["host"]));
  }

  renew(claims: readonly ClaimedUrl[], leaseMs: number, now: number): void {
    const renewal = this.#database.prepare(
      "UPDATE url SET at = ? WHERE id = ? AND state = 'leased' AND fence = ?",
    );
    for (const { id, fence } of claims) renewal.run(now + leaseMs, id, fence);
  }

  recover(now: number, options: { readonly all: boolean }): number {
    const rows = this.#database
      .prepare(
        `UPDATE url SET
           state = iif(starts >= ?1, 'failed', 'ready'), at = ?2, attempt = iif(starts >= ?1, starts, attempt - 1),
           reason = iif(starts >= ?1, 'crash', ''),
           detail = iif(starts >= ?1, 'Its worker died ' || starts || ' times in a row.', '')
         WHERE state = 'leased' AND at <= ?3 RETURNING run, host`,
      )
      .all(maxCrashes, now, options.all ? Number.MAX_SAFE_INTEGER : now);
    const turns = new Map(rows.map((row) => [`${String(row["run"])} ${String(row["host"])}`, row]));
    for (const row of turns.values()) this.#turns.refresh(Number(row["run"]), Number(row["host"]));
    return rows.length;
  }

  setHost(host: string, options: { readonly delayMs?: number; readonly notBefore?: number }): void {
    this.#turns.set(host, options);
  }

  nextDueAt(run: number): number | undefined {
    return this.#turns.nextAt(run);
  }

  counts(run: number): FrontierCounts {
    const rows = this.#database
      .prepare("SELECT state, sum(count) AS count FROM url_count WHERE run = ? GROUP BY state")
      .all(run);
    const of = new Map(rows.map((row) => [row["state"], Number(row["count"])]));
    return {
      ready: (of.get("ready") ?? 0) + (of.get("waiting") ?? 0),
      leased: of.get("leased") ?? 0,
      done: of.get("done") ?? 0,
      failed: of.get("failed") ?? 0,
      skipped: of.get("skipped") ?? 0,
      beyond: of.get("beyond") ?? 0,
    };
  }

  failed(): number {
    const row = this.#database
      .prepare("SELECT sum(count) AS count FROM url_count WHERE state = 'failed'")
      .get();
    return Number(row?.["count"] ?? 0);
  }

  reasons(run: number): Readonly<Record<string, number>> {
    const rows = this.#database
      .prepare(
        `SELECT class, sum(count) AS count FROM url_count
         WHERE run = ? AND state IN ('failed','skipped') GROUP BY class HAVING sum(count) > 0`,
      )
      .all(run);
    return Object.fromEntries(rows.map((row) => [String(row["class"]), Number(row["count"])]));
  }

  fetched(run: number): FetchedCounts {
    const rows = this.#database
      .prepare("SELECT class, count, bytes FROM url_count WHERE run = ? AND state = 'done' AND count > 0")
      .all(run);
    return {
      tiers: Object.fromEntries(rows.map((row) => [String(row["class"]), Number(row["count"])])),
      bytes: rows.reduce((sum, row) => sum + Number(row["bytes"]), 0),
    };
  }

  inLinks(key: string): number {
    const row = this.#database
      .prepare("SELECT count FROM in_links WHERE url = (SELECT id FROM url WHERE key = ?)")
      .get(key);
    return Number(row?.["count"] ?? 0);
  }

  *ended(options: { readonly after?: Pick<EndedUrl, "id" | "finishedAt"> } = {}): IterableIterator<EndedUrl> {
    let last = options.after ?? { finishedAt: -1, id: 0 };
    for (;;) {
      const rows = this.#database
        .prepare(
          `SELECT ${endedColumns} FROM url
           WHERE state IN ('failed','skipped') AND (at, id) > (?, ?) ORDER BY at, id LIMIT ?`,
        )
        .all(last.finishedAt, last.id, pageRows) as unknown as EndedUrl[];
      yield* rows;
      last = rows.at(-1) ?? last;
      if (rows.length < pageRows) return;
    }
  }

  endedUrl(id: number): EndedUrl | undefined {
    return this.#database
      .prepare(`SELECT ${endedColumns} FROM url WHERE id = ? AND state IN ('failed','skipped')`)
      .get(id) as unknown as EndedUrl | undefined;
  }

  replay(ids: readonly number[], now: number): number[] {
    const replayed = ids.flatMap((id) => {
      const row = this.#database
        .prepare(
          `UPDATE url SET state = 'ready', at = ?, attempt = 0, starts = 0, reason = '', detail = ''
           WHERE id = ? AND state = 'failed' RETURNING run, host`,
        )
        .get(now, id);
      return row ? [{ id, run: Number(row["run"]), host: Number(row["host"]) }] : [];
    });
    for (const { run, host } of replayed) this.#turns.refresh(run, host);
    return replayed.map(({ id }) => id);
  }

  dismiss(ids: readonly number[]): number {
    const dismissal = this.#database.prepare(
      "UPDATE url SET state = 'skipped' WHERE id = ? AND state = 'failed'",
    );
    return ids.filter((id) => dismissal.run(id).changes > 0).length;
  }

  /**
   * Takes the nearest URLs of a host; last of all those whose workers died, so that what was merely under way beside
   * a deadly page is soon cleared. None where a newer run took them away, and then the host's turn is put right.
   */
  #take(run: number, turn: HostTurn, share: number, leaseMs: number, now: number): ClaimedUrl[] {
    this.#database
      .prepare("UPDATE url SET state = 'ready' WHERE run = ? AND host = ? AND state = 'waiting' AND at <= ?")
      .run(run, turn.host, now);
    const rows = this.#database
      .prepare(
        `UPDATE url SET state = 'leased', at = ?, fence = fence + 1, attempt = attempt + 1, starts = starts + 1
         WHERE id IN (SELECT id FROM url WHERE run = ? AND host = ? AND state = 'ready' ORDER BY starts, depth, id LIMIT ?)
         RETURNING id, key, coalesce(url, key) AS url, depth, fence, attempt`,
      )
      .all(now + leaseMs, run, turn.host, share) as unknown as Omit<ClaimedUrl, "host">[];
    this.#turns.served(run, turn, rows.length, now);
    const claims = rows.map((row) => ({ ...row, host: turn.name }));
    return claims.sort((left, right) => left.depth - right.depth || left.id - right.id);
  }

  /** Makes the final address one that needs no fetch, unless it had one. */
  #cover(
    walk: Walk,
    own: UrlNode,
    known: UrlNode | undefined,
    final: FinalUrl,
    isDuplicate: boolean,
    now: number,
  ): UrlNode {
    if (!known) {
      return this.#graph.insert(walk, final, this.#turns.idOf(final.host), "covered", own.depth, now);
    }
    if (known.run < own.run) this.#graph.rearm(walk, known, "covered", own.depth, now);
    else if (known.run === own.run) {
      if (!isDuplicate) {
        this.#database
          .prepare("UPDATE url SET state = 'covered', at = ?, reason = '', detail = '' WHERE id = ?")
          .run(now, known.id);
        walk.touched.add(known.host);
      }
      const covered = isDuplicate ? known : { ...known, state: "covered" };
      if (own.depth < known.depth) this.#graph.relax(walk, covered, own.depth);
    }
    return known;
  }

  #holds(claim: ClaimedUrl): boolean {
    const row = this.#database
      .prepare("SELECT 1 FROM url WHERE id = ? AND state = 'leased' AND fence = ?")
      .get(claim.id, claim.fence);
    return row !== undefined;
  }

  #hostId(name: string, cache: Map<string, number>): number {
    const id = cache.get(name) ?? this.#turns.idOf(name);
    cache.set(name, id);
    return id;
  }

  #refresh(walk: Walk): void {
    for (const host of walk.touched) this.#turns.refresh(walk.run, host);
  }
}
