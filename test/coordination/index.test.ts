import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { openCoordination, rootContext } from "../../src/coordination/index.ts";
import { temporaryFolder } from "./open-backend.ts";

describe("forager/coordination", () => {
  it("keeps tasks and memory in the file it is given", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "agents.db");
    let id = 0;
    {
      using coordination = openCoordination({ path });
      [id = 0] = await coordination.tasks.add([{ kind: "greet", input: "you" }]);
      await coordination.memory.put("greeting", "Hello");
    }
    using coordination = openCoordination({ path });
    const { tasks, memory } = coordination;
    await using _ = tasks.consume(
      "greet",
      async (name) => `${(await memory.get<string>("greeting"))?.value} ${String(name)}`,
      { concurrency: 1, timeoutMs: 60_000, context: rootContext("test") },
    );
    assert.equal((await tasks.wait(id, AbortSignal.timeout(60_000))).result, "Hello you");
  });

  it("is an entry of the package", async () => {
    const text = await readFile(new URL("../../package.json", import.meta.url), "utf8");
    const { exports } = JSON.parse(text) as {
      readonly exports: Readonly<Record<string, { default: string }>>;
    };
    assert.equal(exports["./coordination"]?.default, "./dist/coordination/index.js");
  });
});
