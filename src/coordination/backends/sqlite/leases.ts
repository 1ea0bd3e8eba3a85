import type { Clock } from "../../../clock.ts";
import type { Database } from "../../../database.ts";
import { LeaseLostError } from "../../../errors.ts";
import type { Lease, LeaseHolder, Leases } from "../../leases.ts";
import { formatProcess, isGone, ownProcess, parseProcess } from "../../process-identity.ts";

interface LeaseRow {
  readonly holder: string;
  readonly token: number;
  readonly since: number;
  readonly until: number;
}

/** A holder's last renewal, as this process saw it. */
interface Sighting {
  readonly token: number;
  readonly until: number;
  /** On the clock that never jumps. */
  readonly at: number;
}

/**
 * Leases as rows of the data file; between processes the file's write lock decides. Ends are kept in wall time, which
 * all processes of a machine share. Since that may be set back, each also measures on its own steady clock: a holder
 * how long ago it renewed, a contender how long it has seen no renewal.
 * @see Kubernetes, client-go leaderelection: the contender's own observation of the record decides.
 */
export class SqliteLeases implements Leases {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #steadyNow: () => number;
  readonly #holder = formatProcess(ownProcess());
  readonly #sightings = new Map<string, Sighting>();

  /** @param deps.steadyNow Milliseconds that only grow, from anywhere. */
  constructor(deps: {
    readonly database: Database;
    readonly clock: Clock;
    readonly steadyNow?: () => number;
  }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
    this.#steadyNow = deps.steadyNow ?? (() => performance.now());
  }

  acquire(name: string, options: { readonly ttlMs: number }): Lease | LeaseHolder {
    // Contenders look before they ask for the write lock, which the holder needs for its work.
    const seen = this.#row(name);
    if (seen && this.#isAlive(name, seen, options.ttlMs)) return asHolder(seen);
    const askedAt = this.#steadyNow();
    const taken = this.#database.writeNow((): number | LeaseHolder => {
      const row = this.#row(name);
      if (row && this.#isAlive(name, row, options.ttlMs)) return asHolder(row);
      const now = this.#clock.now();
      const token = (row?.token ?? 0) + 1;
      this.#database
        .prepare("INSERT OR REPLACE INTO lease(name, holder, token, since, until) VALUES(?, ?, ?, ?, ?)")
        .run(name, this.#holder, token, now, now + options.ttlMs);
      return token;
    });
    if (typeof taken !== "number") return taken;
    this.#sightings.delete(name);
    return this.#keep(name, taken, askedAt, options.ttlMs);
  }

  holder(name: string): LeaseHolder | undefined {
    const row = this.#row(name);
    return row && row.until > this.#clock.now() && !isGone(parseProcess(row.holder))
      ? asHolder(row)
      : undefined;
  }

  #isAlive(name: string, row: LeaseRow, ttlMs: number): boolean {
    if (row.until <= this.#clock.now() || isGone(parseProcess(row.holder))) return false;
    const now = this.#steadyNow();
    const sighting = this.#sightings.get(name);
    if (sighting?.token === row.token && sighting.until === row.until) return now - sighting.at < ttlMs;
    this.#sightings.set(name, { token: row.token, until: row.until, at: now });
    return true;
  }

  /**
   * Renews every third of `ttlMs`; at the second beat without a renewal the lease counts as lost.
   * @param askedAt Steady time from before the lease was written: it ends no sooner than `ttlMs` after.
   */
  #keep(name: string, token: number, askedAt: number, ttlMs: number): Lease {
    const lost = new AbortController();
    let renewedAt = askedAt;
    const beat = setInterval(() => {
      const now = this.#steadyNow();
      const isRenewed = this.#renew(name, token, ttlMs);
      if (isRenewed) renewedAt = now;
      if (isRenewed === false || this.#steadyNow() - renewedAt >= ttlMs / 2) {
        clearInterval(beat);
        lost.abort(new LeaseLostError(name));
      }
    }, ttlMs / 3).unref();
    return {
      name,
      token,
      lost: lost.signal,
      isHeld: () => this.#row(name)?.token === token,
      [Symbol.asyncDispose]: async () => {
        clearInterval(beat);
        await this.#database.write(() => {
          this.#database.prepare("UPDATE lease SET until = 0 WHERE name = ? AND token = ?").run(name, token);
        });
      },
    };
  }

  /** @returns False when another holder has it, undefined when the file could not be written just now. */
  #renew(name: string, token: number, ttlMs: number): boolean | undefined {
    try {
      const { changes } = this.#database.writeNow(() =>
        this.#database
          .prepare("UPDATE lease SET until = ? WHERE name = ? AND token = ?")
          .run(this.#clock.now() + ttlMs, name, token),
      );
      return changes > 0;
    } catch {
      // Busy, full, closed: the next beat tries again, and when the time runs out the holder learns by `lost`.
      return undefined;
    }
  }

  #row(name: string): LeaseRow | undefined {
    return this.#database
      .prepare("SELECT holder, token, since, until FROM lease WHERE name = ?")
      .get(name) as unknown as LeaseRow | undefined;
  }
}

function asHolder(row: LeaseRow): LeaseHolder {
  const { pid, hostname } = parseProcess(row.holder);
  return { holder: row.holder, pid, hostname, since: row.since, until: row.until };
}
