import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import type { CoordinationBackend } from "../../src/coordination/backend.ts";
import { coordinationSchema, createSqliteBackend } from "../../src/coordination/backends/sqlite/index.ts";
import { Database } from "../../src/database.ts";

/** Coordination over a file, or in memory. */
export interface Store extends CoordinationBackend, Disposable {
  readonly database: Database;
}

/** Opens one with the times that Forager has. */
export function openStore(path: string): Store {
  const database = new Database(path, { schema: [coordinationSchema] });
  const backend = createSqliteBackend({ database, clock: systemClock });
  return { ...backend, database, [Symbol.dispose]: () => database.close() };
}

/** A data file's path in a folder that goes with its block. */
export function temporaryFile(): Disposable & { readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "forager-bench-"));
  return {
    path: join(folder, "forager.db"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
