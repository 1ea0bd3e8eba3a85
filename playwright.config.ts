import { defineConfig } from "@playwright/test";
import { chromiumRemedy, findChromium } from "./src/browser/chromium.ts";
import { MissingError } from "./src/errors.ts";

const executablePath = findChromium(process.env);
if (executablePath === undefined) throw new MissingError("No Chromium was found.", chromiumRemedy);

/** Chromium's sandbox cannot be set up by root, as containers and build machines usually are. */
const isRoot = process.getuid?.() === 0;

// Each test starts and stops its own site, so that no port is fixed and no server outlives it.
export default defineConfig({
  testDir: "test/e2e",
  outputDir: "test-results",
  workers: 1,
  // For a machine that is busy with other things.
  timeout: 180_000,
  expect: { timeout: 60_000 },
  reporter: "line",
  forbidOnly: true,
  use: {
    launchOptions: {
      executablePath,
      args: ["--disable-background-networking", ...(isRoot ? ["--no-sandbox"] : [])],
    },
  },
});
