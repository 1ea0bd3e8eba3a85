import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { BrowserHome } from "../../src/browser/browser-home.ts";

describe("browser home", () => {
  // `rmSync` alone left the folder in a quarter of such races on a busy machine.
  it("goes for good, even while a profile in it is being removed by somebody else", async () => {
    for (let waitMs = 0; waitMs < 10; waitMs++) {
      using home = new BrowserHome();
      const profile = home.createProfile();
      for (let index = 0; index < 200; index++) {
        mkdirSync(join(profile, `folder-${index}`));
        writeFileSync(join(profile, `folder-${index}`, "file"), "");
      }
      const removed = rm(profile, { recursive: true, force: true });
      await delay(waitMs);
      home[Symbol.dispose]();
      assert.ok(!existsSync(dirname(profile)), "the folder is still there");
      await removed;
    }
  });
});
