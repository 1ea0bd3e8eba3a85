import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { spawnSync } from "node:child_process";
import { makeFolder, nearestFolder } from "../src/make-folder.ts";

describe("making a folder", () => {
  it("makes those above it too, and leaves one that is there as it is", () => {
    const folder = mkdtempSync(join(tmpdir(), "forager-make-"));
    try {
      const deep = join(folder, "a", "b", "c");
      assert.equal(nearestFolder(deep), folder);
      makeFolder(deep);
      writeFileSync(join(deep, "kept"), "");
      makeFolder(deep);
      makeFolder(`${deep}/`);
      assert.ok(existsSync(join(deep, "kept")));
      assert.equal(nearestFolder(deep), deep);
      assert.throws(() => makeFolder(join(deep, "kept")), /EEXIST/);
      assert.throws(() => makeFolder(join(deep, "kept", "d")), /EEXIST/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it(
    "says so where none can be made, in place of trying for ever",
    { skip: process.platform !== "linux" },
    () => {
      // In a process of its own: what tries for ever can only be killed from outside.
      const module = new URL("../src/make-folder.ts", import.meta.url).href;
      for (const path of ["/proc/forager", "/proc/forager/deep"]) {
        const { signal, stdout } = spawnSync(
          process.execPath,
          [
            "--input-type=module",
            "--eval",
            `const { makeFolder } = await import(${JSON.stringify(module)});
           try { makeFolder(${JSON.stringify(path)}) } catch (error) { console.log(error.code) }`,
          ],
          { timeout: 60_000, killSignal: "SIGKILL", encoding: "utf8" },
        );
        assert.equal(signal, null);
        assert.match(stdout, /^(ENOENT|EACCES|EPERM)$/m);
      }
    },
  );
});
