import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, it } from "node:test";
import { SilentPipe } from "./stuck-thread.ts";

const source = new URL("../src/leave-process.ts", import.meta.url).href;
/** A process whose thread has been told to end, and stands in native code. */
const start = `
  const { leaveProcess, leaveWhenDone } = await import(${JSON.stringify(source)});
  const { open } = await import("node:fs/promises");
  const { Worker } = await import("node:worker_threads");
  const thread = new Worker(
    'require("node:fs").readFileSync(require("node:worker_threads").workerData, "utf8")',
    { eval: true, execArgv: [], workerData: process.argv[1] },
  );
  const held = await open(process.argv[1], "w"); // once the thread has opened it for reading
  void thread.terminate();
  process.once("exit", (code) => console.log("exit listener", code));
`;

async function run(end: string, pipe: string) {
  return await new Promise<{ code: unknown; signal: unknown; stdout: string; stderr: string }>((resolve) => {
    const words = ["--input-type=module", "-e", start + end, pipe];
    // So long that it decides nothing on a machine that goes on at all.
    const child = execFile(process.execPath, words, { timeout: 240_000 }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}

describe("leaving the process while a thread does not end", () => {
  it("keeps the exit code, and lets clean up who listens for it", async () => {
    await using pipe = new SilentPipe();
    const left = await run("leaveProcess(130);", pipe.path);
    assert.deepEqual(left, { code: 130, signal: null, stdout: "exit listener 130\n", stderr: "" });
  });

  it("happens by itself once all is done, and is said", async () => {
    await using pipe = new SilentPipe();
    const left = await run("leaveWhenDone(3, 20);", pipe.path);
    assert.deepEqual([left.code, left.stdout], [3, "exit listener 3\n"]);
    assert.match(left.stderr, /A thread or a connection did not end/);
  });
});
