import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** A script of this folder in a process of its own, with its lines as they come; killed at the end of its block. */
export function startProcess(script: string, ...args: readonly string[]) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout });
  reader.on("line", (line) => lines.push(line));
  const ended = once(child, "close");
  return {
    child,
    lines,
    ended,
    /** Waits for a line that was or will be printed and begins like one of these. */
    async line(...starts: readonly string[]): Promise<void> {
      const signal = AbortSignal.timeout(240_000);
      while (!lines.some((line) => starts.some((start) => line.startsWith(start))))
        await once(reader, "line", { signal });
    },
    async kill(): Promise<void> {
      child.kill("SIGKILL");
      await ended;
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await this.kill();
    },
  };
}
