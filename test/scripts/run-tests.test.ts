import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, it } from "node:test";

const runTests = join(import.meta.dirname, "..", "..", "scripts", "run-tests.ts");
const imports = 'import { describe, it } from "node:test"; import assert from "node:assert/strict";';

const cases = [
  {
    name: "counts tests, not suites, and says nothing of those that pass",
    source: 'describe("suite", () => { it("one", () => {}); it("two", () => {}); });',
    says: /^2 passed, 0 failed\n$/,
    code: 0,
  },
  {
    name: "shows a failure in full and fails",
    source: 'it("adds", () => assert.equal(1 + 1, 3)); it("works", () => {});',
    says: /✖ adds \(.*\n.*AssertionError[\s\S]*2 !== 3[\s\S]*\n1 passed, 1 failed\n$/,
    code: 1,
  },
  {
    name: "counts a skipped suite and a test to do as failures",
    source: 'describe.skip("later", () => {}); it.todo("some day"); it("works", () => {});',
    says: /counts as failed: later [\s\S]*counts as failed: some day [\s\S]*\n1 passed, 2 failed\n$/,
    code: 1,
  },
  {
    name: "fails when the tests' process goes away with a good exit code",
    source: 'it("leaves", () => process.exit(0)); it("never runs", () => {});',
    says: /ended early \(0\)[\s\S]*\n0 passed, 1 failed\n$/,
    code: 1,
  },
  { name: "fails when there is nothing to run", source: "", says: /0 passed, 1 failed\n$/, code: 1 },
];

describe("run-tests", { concurrency: true }, () => {
  for (const { name, source, says, code } of cases) {
    it(name, async () => {
      const folder = await mkdtemp(join(tmpdir(), "forager-run-tests-"));
      try {
        if (source !== "") await writeFile(join(folder, "sample.test.mjs"), `${imports}\n${source}\n`);
        const child = spawn(process.execPath, [runTests, join(folder, "*.test.mjs")]);
        const exited = once(child, "exit");
        const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
        assert.match(errors + output, says);
        assert.deepEqual(await exited, [code, null]);
      } finally {
        await rm(folder, { recursive: true });
      }
    });
  }
});
