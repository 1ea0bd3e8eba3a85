import type { Database } from "../../../database.ts";
import type { Run, Runs } from "../../runs.ts";

interface RunRow {
  readonly id: number;
  readonly job: string;
  readonly key: string;
  readonly state: Run["state"];
  readonly started_at: number;
  readonly finished_at: number;
  readonly request: string;
  readonly result: string;
}

/** Runs as rows of the data file. */
export class SqliteRuns implements Runs {
  readonly #database: Database;

  constructor(deps: { readonly database: Database }) {
    this.#database = deps.database;
  }

  start(job: string, key: string, request: unknown, now: number): Run {
    const row = this.#database
      .prepare(
        "INSERT INTO run(job, key, state, started_at, request) VALUES(?, ?, 'running', ?, ?) RETURNING *",
      )
      .get(job, key, now, toJson(request));
    return asRun(row);
  }

  resume(id: number): Run {
    const row = this.#database
      .prepare("UPDATE run SET state = 'running', finished_at = 0 WHERE id = ? RETURNING *")
      .get(id);
    if (!row) throw new RangeError(`There is no run ${id} to resume.`);
    return asRun(row);
  }

  end(id: number, state: "finished" | "interrupted" | "failed", result: unknown, now: number): void {
    this.#database
      .prepare("UPDATE run SET state = ?, result = ?, finished_at = ? WHERE id = ?")
      .run(state, toJson(result), now, id);
  }

  latest(job: string, key: string): Run | undefined {
    const row = this.#database
      .prepare("SELECT * FROM run WHERE job = ? AND key = ? ORDER BY id DESC LIMIT 1")
      .get(job, key);
    return row && asRun(row);
  }

  list(limit: number): Run[] {
    return this.#database.prepare("SELECT * FROM run ORDER BY id DESC LIMIT ?").all(limit).map(asRun);
  }
}

function asRun(value: unknown): Run {
  const row = value as RunRow;
  return {
    id: row.id,
    job: row.job,
    key: row.key,
    state: row.state,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    request: JSON.parse(row.request),
    result: JSON.parse(row.result),
  };
}

function toJson(value: unknown): string {
  return JSON.stringify(value) ?? "null";
}
