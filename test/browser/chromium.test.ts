import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { findChromium, isHeadlessShell } from "../../src/browser/chromium.ts";
import { MissingError } from "../../src/errors.ts";

describe("finding Chromium", { skip: process.platform === "win32" }, () => {
  const folder = mkdtempSync(join(tmpdir(), "forager-chromium-test-"));
  after(() => rmSync(folder, { recursive: true }));

  function program(...path: string[]): string {
    const file = join(folder, ...path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "");
    chmodSync(file, 0o755);
    return file;
  }

  const full = program("full", "google-chrome");
  const shell = program("shell", "chromium-headless-shell");
  const named = program("named", "my-chrome");
  program("cache", "chromium_headless_shell-99", "chrome-headless-shell-linux64", "chrome-headless-shell");
  const newest = program("cache", "chromium_headless_shell-1255", "chrome-linux", "headless_shell");
  const onPath = [full, shell].map((file) => dirname(file)).join(delimiter);
  const cache = join(folder, "cache");

  const rules: readonly (readonly [string, Record<string, string>, string])[] = [
    ["FORAGER_CHROMIUM before all others", { FORAGER_CHROMIUM: named, PATH: onPath }, named],
    [
      "a headless shell on the path before a full browser",
      { PATH: onPath, PLAYWRIGHT_BROWSERS_PATH: cache },
      shell,
    ],
    [
      "Playwright's newest shell before a full browser",
      { PATH: dirname(full), PLAYWRIGHT_BROWSERS_PATH: cache },
      newest,
    ],
    [
      "a full browser where there is no shell",
      { PATH: dirname(full), PLAYWRIGHT_BROWSERS_PATH: folder },
      full,
    ],
  ];
  for (const [rule, env, expected] of rules) {
    it(`takes ${rule}`, () => assert.equal(findChromium(env), expected));
  }

  it("says so when FORAGER_CHROMIUM leads nowhere", () => {
    assert.throws(() => findChromium({ FORAGER_CHROMIUM: join(folder, "gone"), PATH: onPath }), MissingError);
  });

  it("knows a headless shell by its name", () => {
    assert.deepEqual([shell, newest, full, named].map(isHeadlessShell), [true, true, false, false]);
  });
});
