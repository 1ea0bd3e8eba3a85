import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { unlessAborted } from "../../deadline.ts";
import { ForagerError } from "../../errors.ts";
import { holdingLine } from "./held-task.ts";

const script = fileURLToPath(
  new URL(import.meta.url.endsWith(".ts") ? "./holder-process.ts" : "./holder-process.js", import.meta.url),
);
/** Of what the process complains about before it ends, the last so many characters are kept. */
const complaintLength = 500;

/** A process that holds tasks; killed at the end of its block, when `signal` aborts, and when we are left by `process.exit`. */
export interface Holder extends AsyncDisposable {
  /** Resolves when it has all it was asked to hold. @throws {ForagerError} When it ended instead, with what it said. */
  readonly holding: Promise<void>;
  /** SIGKILL: it gets no chance to give anything back. Resolves when it is gone. */
  kill(): Promise<void>;
}

/** Starts a process that takes `count` tasks of the scratch folder and keeps them. */
export function startHolder(folder: string, count: number, signal: AbortSignal): Holder {
  signal.throwIfAborted();
  // Its own process group: Ctrl-C in a terminal is for us alone, and we kill it.
  const child = spawn(process.execPath, [script, folder, String(count)], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    windowsHide: true,
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-complaintLength);
  });
  child.stdin.on("error", () => {}); // the pipe of a process that is gone
  const ended = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      complaint = error.message;
      resolve();
    });
    child.once("close", () => resolve());
  });
  const killNow = () => child.kill("SIGKILL");
  process.prependOnceListener("exit", killNow);
  signal.addEventListener("abort", killNow, { once: true });
  const kill = async (): Promise<void> => {
    killNow();
    await ended;
  };
  return {
    holding: hasSaid(),
    kill,
    async [Symbol.asyncDispose]() {
      await kill();
      process.off("exit", killNow);
      signal.removeEventListener("abort", killNow);
    },
  };

  async function hasSaid(): Promise<void> {
    const line = once(createInterface({ input: child.stdout }), "line", { signal });
    line.catch(() => {}); // it may be nobody waits for it any more
    const early = ended.then(() => {
      throw new ForagerError("selftest", `The process that was to be killed ended by itself. ${complaint}`);
    });
    const [said] = (await unlessAborted(Promise.race([line, early]), signal)) as unknown[];
    if (said !== holdingLine) throw new ForagerError("selftest", `The process said "${String(said)}".`);
  }
}
