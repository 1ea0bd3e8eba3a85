import type { Database } from "../../../database.ts";

/** A host whose turn it is. */
export interface HostTurn {
  readonly host: number;
  readonly name: string;
  readonly delayMs: number;
}

/**
 * When each host may be called next, by run. A host with nothing waiting has no time and costs a claim nothing.
 * Whoever changes what waits of a host calls {@link refresh} for it.
 */
export class HostTurns {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  /** The host's id, made on first sight. */
  idOf(name: string): number {
    const known = this.#database.prepare("SELECT id FROM host WHERE name = ?").get(name);
    const row = known ?? this.#database.prepare("INSERT INTO host(name) VALUES(?) RETURNING id").get(name);
    return Number(row?.["id"]);
  }

  /** Hosts that are due, the longest waiting first, then the least served. */
  due(run: number, now: number, limit: number): HostTurn[] {
    return this.#database
      .prepare(
        `SELECT turn.host, host.name, host.delay_ms AS delayMs FROM turn CROSS JOIN host ON host.id = turn.host
         WHERE turn.run = ? AND turn.at <= ? ORDER BY turn.at, turn.taken LIMIT ?`,
      )
      .all(run, now, limit) as unknown as HostTurn[];
  }

  /** Every host that has or had URLs in a run. */
  of(run: number): { readonly host: number }[] {
    return this.#database.prepare("SELECT host FROM turn WHERE run = ?").all(run) as unknown as {
      host: number;
    }[];
  }

  /** Notes that `count` URLs of a host were taken. */
  served(run: number, turn: HostTurn, count: number, now: number): void {
    if (count > 0) {
      this.#postpone(turn.host, now + turn.delayMs);
      this.#database
        .prepare("UPDATE turn SET taken = taken + ? WHERE host = ? AND run = ?")
        .run(count, turn.host, run);
    }
    this.refresh(run, turn.host);
  }

  /** Works out a host's next time in a run from what waits of it. */
  refresh(run: number, host: number): void {
    this.#database
      .prepare(
        `INSERT INTO turn(host, run, at)
         SELECT id, ?2, CASE
           WHEN EXISTS(SELECT 1 FROM url WHERE run = ?2 AND host = ?1 AND state = 'ready') THEN next_at
           ELSE max(next_at, (SELECT min(at) FROM url WHERE run = ?2 AND host = ?1 AND state = 'waiting')) END
         FROM host WHERE id = ?1
         ON CONFLICT DO UPDATE SET at = excluded.at WHERE at IS NOT excluded.at`,
      )
      .run(host, run);
  }

  set(name: string, options: { readonly delayMs?: number; readonly notBefore?: number }): void {
    const host = this.idOf(name);
    if (options.delayMs !== undefined) {
      this.#database
        .prepare("UPDATE host SET delay_ms = ? WHERE id = ?")
        .run(Math.ceil(options.delayMs), host);
    }
    if (options.notBefore !== undefined) this.#postpone(host, Math.ceil(options.notBefore));
  }

  /** The earliest time at which a host has its turn. */
  nextAt(run: number): number | undefined {
    const row = this.#database
      .prepare("SELECT at FROM turn WHERE run = ? AND at IS NOT NULL ORDER BY at LIMIT 1")
      .get(run);
    return row && Number(row["at"]);
  }

  #postpone(host: number, until: number): void {
    this.#database.prepare("UPDATE host SET next_at = max(next_at, ?) WHERE id = ?").run(until, host);
    this.#database
      .prepare("UPDATE turn SET at = max(at, ?) WHERE host = ? AND at < ?")
      .run(until, host, until);
  }
}

/** Who takes how many: each host one, and what is left goes evenly to those that need no pause. */
export function shares(
  turns: readonly HostTurn[],
  limit: number,
): { readonly turn: HostTurn; readonly share: number }[] {
  const free = turns.filter((turn) => turn.delayMs === 0).length;
  let spare = limit - turns.length;
  let unserved = free;
  return turns.map((turn) => {
    if (turn.delayMs > 0) return { turn, share: 1 };
    const extra = Math.ceil(spare / unserved);
    spare -= extra;
    unserved -= 1;
    return { turn, share: 1 + extra };
  });
}
