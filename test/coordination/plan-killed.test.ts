import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { openBackend, temporaryFolder } from "./open-backend.ts";

const script = fileURLToPath(new URL("./plan-process.ts", import.meta.url));

/** Runs the plan in a process of its own, which is killed once it has told of so many nodes. */
async function runAndKill(path: string, afterNodes: number): Promise<string[]> {
  const child = spawn(process.execPath, [script, path], { stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === afterNodes) child.kill("SIGKILL");
  }
  await closed;
  return lines;
}

describe("a plan whose process is killed", () => {
  it("DAG 29: C27: goes on where it was: what was done is not done again, and all end as without a kill", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "forager.db");
    const done = new Set<string | undefined>();
    for (const afterNodes of [4, 5, Infinity]) {
      const lines = await runAndKill(path, afterNodes);
      const again = lines.filter((name) => done.has(name));
      assert.deepEqual(again, []);
      if (afterNodes === Infinity) assert.equal(lines.at(-1), "over: partial");
      using backend = openBackend({ path });
      for (const { name, state } of backend.tasks.ofRun(1)) if (state === "done") done.add(name);
      // What was under way when it was killed, one node a place, is all that may be lost.
      if (afterNodes !== Infinity) assert.ok(done.size >= afterNodes - 3, `${done.size} kept`);
    }
    using backend = openBackend({ path });
    const views = backend.tasks.ofRun(1);
    assert.equal(views.length, 21);
    const others = views.filter(({ state }) => state !== "done").map(({ name, state }) => `${name} ${state}`);
    assert.deepEqual(others.toSorted(), ["bad dead", "never cancelled"]);
  });
});
