import type { Database } from "../../../database.ts";
import type { FinalUrl } from "../../frontier.ts";

/** What the graph knows of a URL. */
export interface UrlNode {
  readonly id: number;
  readonly host: number;
  readonly run: number;
  readonly state: string;
  readonly depth: number;
}

/** One run's bounds, and the hosts whose waiting URLs changed, gathered for one refresh each. */
export interface Walk {
  readonly run: number;
  readonly maxDepth: number;
  readonly touched: Set<number>;
}

/**
 * The URLs and how they hang together. Depths are those of a breadth-first walk from the seeds, whatever the order
 * in which pages arrive: when a URL turns out to be nearer, all that was found through it moves nearer too
 * (the relaxation step of Bellman-Ford, run only from what changed).
 */
export class UrlGraph {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  byKey(key: string): UrlNode | undefined {
    return this.#database
      .prepare("SELECT id, host, run, state, depth FROM url WHERE key = ?")
      .get(key) as unknown as UrlNode | undefined;
  }

  byId(id: number): UrlNode | undefined {
    return this.#database
      .prepare("SELECT id, host, run, state, depth FROM url WHERE id = ?")
      .get(id) as unknown as UrlNode | undefined;
  }

  /** A URL seen for the first time. */
  insert(walk: Walk, url: FinalUrl, host: number, state: string, depth: number, now = 0): UrlNode {
    const row = this.#database
      .prepare(
        "INSERT INTO url(key, url, host, run, state, depth, at) VALUES(?, ?, ?, ?, ?, ?, ?) RETURNING id",
      )
      .get(url.key, url.url === url.key ? null : url.url, host, walk.run, state, depth, now);
    walk.touched.add(host);
    return { id: Number(row?.["id"]), host, run: walk.run, state, depth };
  }

  /** A URL of an older run, as if it had never been seen; its fence goes on growing. */
  rearm(walk: Walk, node: UrlNode, state: string, depth: number, now = 0): void {
    this.#database
      .prepare(
        `UPDATE url SET run = ?, state = ?, depth = ?, at = ?, attempt = 0, starts = 0,
         reason = '', detail = '', http_status = 0, tier = '', verdict = '', bytes = 0 WHERE id = ?`,
      )
      .run(walk.run, state, depth, now, node.id);
    this.#database.prepare("DELETE FROM link WHERE source = ?").run(node.id);
    this.#database.prepare("DELETE FROM in_links WHERE url = ?").run(node.id);
    walk.touched.add(node.host);
  }

  /** Keeps an edge, where depth has a limit, and counts a link. */
  connect(walk: Walk, source: number, target: number, step: 0 | 1): void {
    if (source === target) return;
    if (Number.isFinite(walk.maxDepth)) {
      const edge = this.#database
        .prepare("INSERT INTO link VALUES(?, ?, ?) ON CONFLICT DO NOTHING")
        .run(source, target, step);
      if (edge.changes === 0) return;
    }
    if (step === 0) return;
    this.#database
      .prepare("INSERT INTO in_links VALUES(?, 1) ON CONFLICT DO UPDATE SET count = count + 1")
      .run(target);
  }

  /**
   * Gives a URL its smaller depth, and hands it on along its links.
   * @returns How many URLs came within the limit by it.
   */
  relax(walk: Walk, start: UrlNode, depth: number): number {
    let armed = this.#lower(walk, start, depth);
    const queue = [{ id: start.id, depth }];
    for (const { id, depth } of queue) {
      const targets = this.#database
        .prepare(
          `SELECT url.id, url.host, url.run, url.state, url.depth, link.step
           FROM link CROSS JOIN url ON url.id = link.target
           WHERE link.source = ? AND url.run = ? AND url.depth > ? + link.step`,
        )
        .all(id, walk.run, depth) as unknown as (UrlNode & { readonly step: number })[];
      for (const target of targets) {
        armed += this.#lower(walk, target, depth + target.step);
        queue.push({ id: target.id, depth: depth + target.step });
      }
    }
    return armed;
  }

  #lower(walk: Walk, node: UrlNode, depth: number): number {
    const isArmed = node.state === "beyond" && depth <= walk.maxDepth;
    this.#database
      .prepare("UPDATE url SET depth = ?, state = ? WHERE id = ?")
      .run(depth, isArmed ? "ready" : node.state, node.id);
    if (!isArmed) return 0;
    walk.touched.add(node.host);
    return 1;
  }
}
