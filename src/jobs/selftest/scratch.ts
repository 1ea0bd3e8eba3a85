import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../clock.ts";
import type { CoordinationBackend } from "../../coordination/backend.ts";
import { coordinationSchema, createSqliteBackend } from "../../coordination/backends/sqlite/index.ts";
import { Database } from "../../database.ts";
import { StoreError, messageOf } from "../../errors.ts";

/** How long a handler that was told to stop may take: with the usual 5 s, a hanging one would hold up the end. */
const stopMs = 200;

/**
 * A folder of our own under the temporary one. It goes at the end of its block, and when the process is left by
 * `process.exit`, as a second Ctrl-C does.
 * @throws {StoreError} When none can be made there.
 */
export function scratchFolder(): Disposable & { readonly path: string } {
  const path = makeFolder(tmpdir());
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  process.once("exit", remove);
  return {
    path,
    [Symbol.dispose]() {
      process.off("exit", remove);
      remove();
    },
  };
}

/** Where everything about the temporary folder leads in the end. */
export const scratchRemedy = "The self-test works in the temporary folder; set TMPDIR to use another.";

function makeFolder(parent: string): string {
  try {
    return mkdtempSync(join(parent, "forager-selftest-"));
  } catch (error) {
    throw new StoreError(`${parent} cannot be written: ${messageOf(error)}. ${scratchRemedy}`, {
      cause: error,
    });
  }
}

/** Coordination in the scratch folder's file, with the lease and beat that Forager itself has. */
export function openScratch(folder: string): CoordinationBackend & Disposable {
  const database = new Database(join(folder, "forager.db"), { schema: [coordinationSchema] });
  const backend = createSqliteBackend({ database, clock: systemClock, times: { stopMs } });
  return { ...backend, [Symbol.dispose]: () => database.close() };
}
