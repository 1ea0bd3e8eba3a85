import { fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import type { TestProgress } from "./quiet-reporter.ts";

// Runs every test there is and closes with one line, `N passed, N failed`. A skipped test is a failure: where something
// that a suite needs is missing, setup should have got it or said so.

/** For one test, on however busy a machine; node:test has no limit of its own. */
const testTimeoutMs = 300_000;
/** For the process to end once its last test has, on however busy a machine, before something left open is called a failure. */
const lingerMs = 60_000;

const PlaywrightReport = z.object({
  stats: z.object({ expected: z.int(), unexpected: z.int(), flaky: z.int(), skipped: z.int() }),
  errors: z.array(z.unknown()),
});

const projectFolder = join(import.meta.dirname, "..");
const patterns = process.argv.slice(2);

const totals = [await runNodeTests(patterns.length > 0 ? patterns : ["test/**/*.test.ts"])];
if (patterns.length === 0) totals.push(await runPlaywright());

const passed = totals.reduce((sum, part) => sum + part.passed, 0);
const failed = totals.reduce((sum, part) => sum + part.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

/** All files in one process: 40 small ones in processes of their own take 11.8 s on two cores, like this 0.3 s. */
async function runNodeTests(globs: readonly string[]): Promise<{ passed: number; failed: number }> {
  const child = fork(globs[0] ?? "", globs.slice(1), {
    cwd: projectFolder,
    env: testEnvironment(),
    execArgv: [
      "--test",
      "--test-isolation=none",
      `--test-timeout=${testTimeoutMs}`,
      "--test-reporter=./scripts/quiet-reporter.ts",
      "--import=./scripts/fixed-seed.ts",
    ],
  });
  let progress: TestProgress = { running: 0, isDone: false, passed: 0, failed: 0, open: [], skipped: [] };
  let hasLeft = false;
  const linger = () => {
    hasLeft = true;
    child.kill("SIGKILL");
  };
  let timer: NodeJS.Timeout | undefined;
  child.on("message", (message: TestProgress) => {
    progress = message;
    clearTimeout(timer);
    if (progress.running === 0) timer = setTimeout(linger, lingerMs);
  });
  // Not at its exit: what it told last may be unread by then.
  await once(child, "close");
  clearTimeout(timer);

  const problems = progress.skipped.map((name) => `Skipped, which counts as failed: ${name}`);
  if (hasLeft) {
    const open = [...new Set(progress.open)].join(", ");
    problems.push(`A test left something open: the process was still alive after ${lingerMs} ms (${open}).`);
  } else if (!progress.isDone) {
    problems.push(`The tests' process ended early (${child.exitCode ?? child.signalCode}).`);
  }
  if (progress.passed + progress.failed + problems.length === 0) {
    problems.push(`No tests are there: ${globs.join(" ")}.`);
  }
  for (const problem of problems) console.error(`✖ ${problem}`);
  return { passed: progress.passed, failed: progress.failed + problems.length };
}

/** A Qdrant of the user's is for the suites that ask for it, not for every Forager that a test opens. */
function testEnvironment(): NodeJS.ProcessEnv {
  const { QDRANT_URL, QDRANT_API_KEY, ...rest } = process.env;
  return {
    ...rest,
    ...(QDRANT_URL ? { FORAGER_TEST_QDRANT_URL: QDRANT_URL } : {}),
    ...(QDRANT_API_KEY ? { FORAGER_TEST_QDRANT_API_KEY: QDRANT_API_KEY } : {}),
  };
}

async function runPlaywright(): Promise<{ passed: number; failed: number }> {
  const folder = await mkdtemp(join(tmpdir(), "forager-tests-"));
  try {
    const report = join(folder, "report.json");
    const child = spawn("npx", ["playwright", "test", "--reporter=line,json"], {
      cwd: projectFolder,
      stdio: "inherit",
      env: { ...process.env, PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    });
    await once(child, "exit");
    const { stats, errors } = PlaywrightReport.parse(JSON.parse(await readFile(report, "utf8")));
    if (stats.skipped > 0)
      console.error(`✖ ${stats.skipped} skipped in the browser, which counts as failed.`);
    return { passed: stats.expected, failed: stats.unexpected + stats.flaky + stats.skipped + errors.length };
  } finally {
    await rm(folder, { recursive: true });
  }
}
