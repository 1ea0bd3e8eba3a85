import { statSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "./clock.ts";
import { damagedRemedy, openConnection, storeError } from "./database.ts";
import { StoreError } from "./errors.ts";

/** Reading a larger file would take longer than anybody waits for. */
const mostBytes = 2e9;
/** The next table is not begun after so long. */
const checkMs = 20_000;

/** What reading a data file showed: what is wrong with it and what to do, or what of it was not read. */
export type DatabaseCheck =
  | { readonly kind: "sound" }
  | { readonly kind: "damaged"; readonly detail: string }
  | { readonly kind: "unread"; readonly detail: string };

/**
 * Reads the pages of every table, and writes nothing: a file that is damaged in the middle opens like a sound one.
 * A text that was changed and is still a text goes unseen.
 * @see https://sqlite.org/pragma.html#pragma_quick_check
 */
export async function checkDatabase(
  { path, isReadOnly }: { readonly path: string; readonly isReadOnly: boolean },
  deps: { readonly clock: Clock },
  signal: AbortSignal,
): Promise<DatabaseCheck> {
  const { size } = statSync(path);
  if (size > mostBytes)
    return { kind: "unread", detail: `${(size / 1e9).toFixed(1)} GB are too much to be read through` };
  const until = deps.clock.now() + checkMs;
  try {
    const connection = openConnection(path, isReadOnly);
    try {
      const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
      for (const [at, { name }] of tables.entries()) {
        await nextTurn(undefined, { signal });
        if (deps.clock.now() > until)
          return { kind: "unread", detail: `${at} of ${tables.length} tables were read in time` };
        // The first row says that all is well, or what is not.
        const found = connection.prepare(`PRAGMA quick_check("${String(name)}")`).get()?.["quick_check"];
        if (found === "ok") continue;
        const flaw = String(found).replace(/^\*{3} in database main \*{3}\s*/u, "");
        return { kind: "damaged", detail: `${path} is damaged (${flaw}). ${damagedRemedy}` };
      }
      return { kind: "sound" };
    } finally {
      connection.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    const error = storeError(path, thrown);
    if (error instanceof StoreError)
      return { kind: error.retryable ? "unread" : "damaged", detail: error.message };
    throw error;
  }
}
