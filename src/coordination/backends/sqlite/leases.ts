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

/** Leases as rows of the data file; between processes the file's write lock decides. */
export class SqliteLeases implements Leases {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #holder = formatProcess(ownProcess());

  constructor(deps: { readonly database: Database; readonly clock: Clock }) {
    this.#database = deps.database;
    this.#clock = deps.clock;
  }

  acquire(name: string, options: { readonly ttlMs: number }): Lease | LeaseHolder {
    const now = this.#clock.now();
    const taken = this.#database.writeNow((): number | LeaseHolder => {
      const row = this.#row(name);
      if (row && row.until > now && !isGone(parseProcess(row.holder))) return asHolder(row);
      const token = (row?.token ?? 0) + 1;
      this.#database
        .prepare("INSERT OR REPLACE INTO lease(name, holder, token, since, until) VALUES(?, ?, ?, ?, ?)")
        .run(name, this.#holder, token, now, now + options.ttlMs);
      return token;
    });
    return typeof taken === "number" ? this.#keep(name, taken, now, options.ttlMs) : taken;
  }

  holder(name: string): LeaseHolder | undefined {
    const row = this.#row(name);
    return row && row.until > this.#clock.now() && !isGone(parseProcess(row.holder))
      ? asHolder(row)
      : undefined;
  }

  /** Renews every third of `ttlMs`; when a third is left without a renewal, the lease counts as lost. */
  #keep(name: string, token: number, now: number, ttlMs: number): Lease {
    const lost = new AbortController();
    let until = now + ttlMs;
    const beat = setInterval(() => {
      const now = this.#clock.now();
      const isRenewed = this.#renew(name, token, now + ttlMs);
      if (isRenewed) until = now + ttlMs;
      if (isRenewed === false || until - this.#clock.now() <= ttlMs / 3) {
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
  #renew(name: string, token: number, until: number): boolean | undefined {
    try {
      const { changes } = this.#database.writeNow(() =>
        this.#database
          .prepare("UPDATE lease SET until = ? WHERE name = ? AND token = ?")
          .run(until, name, token),
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
