import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { startForager, temporaryFolder } from "./run-forager.ts";

const keys = [
  "messagesPerSecond",
  "messageP99Ms",
  "tasksPerSecond",
  "assignmentP99Ms",
  "recoveryMs",
  "speedup",
  "sequentialMs",
  "parallelMs",
  "lost",
  "doubled",
] as const;

/** The command with a temporary folder of its own, in which Node keeps nothing either. */
function start(temporary: string, ...words: readonly string[]) {
  const environment = { TMPDIR: temporary, NODE_DISABLE_COMPILE_CACHE: "1" };
  return startForager(["selftest", ...words], { environment });
}

/** The command, standing still while the process that it kills to see its tasks taken over is there. */
async function startStopped(temporary: string, ...words: readonly string[]) {
  const environment = {
    TMPDIR: temporary,
    NODE_DISABLE_COMPILE_CACHE: "1",
    NODE_OPTIONS: `--import=${import.meta.resolve("./stop-parent.ts")}`,
  };
  const started = startForager(["selftest", ...words], { environment });
  const signal = AbortSignal.timeout(120_000);
  while ((await holdersIn(temporary)).length === 0) await delay(5, undefined, { signal });
  return started;
}

/** The process that the command kills to see its tasks taken over, known by the folder it works in. */
async function holdersIn(folder: string): Promise<string[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")),
  );
  return lines.filter((line) => line.includes("holder-process") && line.includes(folder));
}

describe("forager selftest", () => {
  it("C30: prints one line of what it measured, the speed-up among it, with nothing lost and nothing doubled", async () => {
    await using folder = await temporaryFolder();
    const dataDir = join(folder.path, "data");
    const { code, out, err } = await start(folder.path, "--json", "--data-dir", dataDir).ended;
    assert.match(out, /^\{.*\}\n$/, err);
    const line = JSON.parse(out) as Record<string, number>;
    assert.deepEqual(Object.keys(line), [...keys]);
    assert.deepEqual([line["lost"], line["doubled"]], [0, 0], err);
    // A part that this machine is too slow for is said to have failed, and has no figures.
    for (const key of keys.slice(0, -2))
      assert.ok(Number(line[key]) > 0 || /failed: It took longer/.test(err), `${key} is ${line[key]}`);
    // Whether a figure is good enough is this machine's affair; that it is said is ours.
    assert.equal(code === 1, /it must be at (least|most)|failed: It took longer/.test(err), err);
    assert.deepEqual(await readdir(folder.path), []);
    assert.equal(existsSync(dataDir), false);
  });

  it("stops at Ctrl-C without its figures, and leaves neither process nor folder", async () => {
    await using folder = await temporaryFolder();
    const { child, ended } = await startStopped(folder.path, "--json");
    child.kill("SIGINT");
    child.kill("SIGCONT");
    const { code, out, err } = await ended;
    assert.deepEqual([code, out], [130, ""], err);
    assert.deepEqual(await holdersIn(folder.path), []);
    assert.deepEqual(await readdir(folder.path), []);
  });

  it("leaves no process behind when it is itself killed", async () => {
    await using folder = await temporaryFolder();
    const { child, ended } = await startStopped(folder.path);
    child.kill("SIGKILL");
    await ended;
    const signal = AbortSignal.timeout(60_000);
    while ((await holdersIn(folder.path)).length > 0) await delay(5, undefined, { signal });
  });

  it("says what is wrong with a temporary folder that cannot be written", async () => {
    await using folder = await temporaryFolder();
    const missing = join(folder.path, "missing");
    const { code, out, err } = await start(missing, "--json").ended;
    assert.deepEqual([code, out], [1, ""]);
    assert.match(err, /missing cannot be written: .*set TMPDIR to use another/);
  });
});
