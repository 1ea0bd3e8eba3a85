import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Something to read that never comes: a thread that reads it, by one call into native code, does not end however it is
 * told to. Disposing of it lets such threads go.
 */
export class SilentPipe implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "forager-pipe-"));
  readonly path = join(this.#folder, "pipe");
  #writer: FileHandle | undefined;

  constructor() {
    execFileSync("mkfifo", [this.path]);
  }

  /** Resolves once a thread stands there. */
  async hasReader(): Promise<void> {
    this.#writer = await open(this.path, "w");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Opened both ways it lets go also who waits for the other end.
    closeSync(openSync(this.path, constants.O_RDWR));
    await this.#writer?.close();
    rmSync(this.#folder, { recursive: true });
  }
}
