import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const embedders = new URL("../../src/rag/embedders/index.ts", import.meta.url).href;
const embedOne = `
  const { embedders } = await import(${JSON.stringify(embedders)});
  await using embedder = await embedders["local-onnx"]({ log: console }, {});
  const [vector] = await embedder.embed(["a harbour"]);
  console.log(vector.length);
`;

describe("the runtime of local models", () => {
  // A process of its own: once loaded, the runtime asks its environment no more.
  it("leaves no reports of its use at home", async () => {
    const home = await mkdtemp(join(tmpdir(), "forager-home-"));
    try {
      await mkdir(join(home, ".cache"));
      const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, ...others } = process.env;
      const { stdout } = await run(process.execPath, ["--input-type=module", "-e", embedOne], {
        env: { ...others, HOME: home },
      });
      assert.equal(stdout.trim(), "384");
      assert.deepEqual(await readdir(join(home, ".cache")), []);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
});
