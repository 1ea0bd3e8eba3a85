import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "../../src/deadline.ts";

/** A process of `worker.ts`; it is killed at the end of its block, if it has not been. */
export interface OtherProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  /** The next line that begins so; waits for it. */
  line(start: string): Promise<string>;
  kill(): Promise<void>;
}

/** Starts one, and waits until it says that it is ready. */
export async function startOther(path: string, part: string, count = 0): Promise<OtherProcess> {
  const file = join(import.meta.dirname, "worker.ts");
  const child = spawn(process.execPath, [file, path, part, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit");
  const other: OtherProcess = {
    child,
    line: (start) =>
      within(`${part}'s "${start}"`, 60_000, undefined, async () => {
        const { promise, resolve } = Promise.withResolvers<string>();
        lines.on("line", (line) => {
          if (line.startsWith(start)) resolve(line);
        });
        return await promise;
      }),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    [Symbol.asyncDispose]: () => other.kill(),
  };
  await other.line("ready");
  return other;
}
