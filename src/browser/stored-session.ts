import { readFile } from "node:fs/promises";
import { z } from "zod";
import { OptionsError, messageOf } from "../errors.ts";

/** A cookie that fetches start with. */
export interface SessionCookie {
  readonly name: string;
  readonly value: string;
  /** With a leading dot it covers subdomains. */
  readonly domain: string;
  readonly path: string;
  readonly secure: boolean;
}

/** What we use of Playwright's `storageState` files; the browser reads the rest itself. */
const StorageState = z.object({
  cookies: z
    .array(
      z.object({
        name: z.string(),
        value: z.string(),
        domain: z.string(),
        path: z.string().default("/"),
        secure: z.boolean().default(false),
      }),
    )
    .default([]),
});

/** Somebody's session: the cookies and local storage of a Playwright storage-state file, the same for every tier. */
export class StoredSession {
  readonly file: string;
  readonly cookies: readonly SessionCookie[];

  private constructor(file: string, cookies: readonly SessionCookie[]) {
    this.file = file;
    this.cookies = cookies;
  }

  /** @throws {OptionsError} When the file is no storage state. */
  static async read(file: string): Promise<StoredSession> {
    try {
      return new StoredSession(file, StorageState.parse(JSON.parse(await readFile(file, "utf8"))).cookies);
    } catch (cause) {
      const why = cause instanceof z.ZodError ? "it is no Playwright storage state" : messageOf(cause);
      throw new OptionsError("storageState", `${file}: ${why}`, { cause });
    }
  }
}
