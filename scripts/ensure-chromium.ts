// Sees to it that a Chromium is there, before demo and tests: one that is installed, else Playwright's, else the
// system's package. Quick when there is nothing to do. `node scripts/ensure-chromium.ts`
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { MissingError, messageOf } from "../src/errors.ts";
import { chromiumRemedy, findChromium } from "../src/browser/chromium.ts";

/** A step that prints nothing for this long is taken for hung: Playwright's download retries dead hosts for minutes. */
const silenceMs = 60_000;

/** Without recommended packages there may be no font at all, and Chromium lays text out with none. */
const font = "fonts-liberation";

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Runs a command until it ends or falls silent. @returns Its exit code, -1 when it could not run or was killed. */
async function run(command: string, args: readonly string[]): Promise<number> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
  const lines: string[] = [];
  const timer = setTimeout(() => child.kill("SIGKILL"), silenceMs);
  const onOutput = (chunk: Buffer) => {
    timer.refresh();
    lines.push(
      ...chunk
        .toString()
        .split("\n")
        .filter((line) => line.trim() !== ""),
    );
    lines.splice(0, lines.length - 20);
  };
  child.stdout.on("data", onOutput);
  child.stderr.on("data", onOutput);
  const code = await new Promise<number>((resolve) => {
    child.once("error", () => resolve(-1));
    child.once("close", (exit) => resolve(exit ?? -1));
  });
  clearTimeout(timer);
  const why = lines.find((line) => /\bE(rror)?:/.test(line)) ?? lines.at(-1);
  if (code !== 0 && why !== undefined) say(`    ${why.trim()}`);
  return code;
}

async function tryPlaywright(): Promise<void> {
  say("Chromium: none found; asking Playwright to download its headless shell.");
  const cli = join(dirname(createRequire(import.meta.url).resolve("playwright/package.json")), "cli.js");
  const code = await run(process.execPath, [cli, "install", "chromium-headless-shell"]);
  if (code !== 0) say("Chromium: Playwright could not download it.");
}

async function tryApt(): Promise<void> {
  if (!isDebianLike()) {
    say("Chromium: this is not Debian or Ubuntu, so the package manager is left to you.");
    return;
  }
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && (await run("sudo", ["-n", "true"])) !== 0) {
    say("Chromium: apt-get needs root or a sudo without password.");
    return;
  }
  const apt = async (...args: readonly string[]) =>
    isRoot ? await run("apt-get", args) : await run("sudo", ["-n", "apt-get", ...args]);
  say("Chromium: refreshing the package lists (apt-get update).");
  await apt("update");
  for (const name of ["chromium-headless-shell", "chromium"]) {
    say(`Chromium: installing the system's package ${name} (apt-get install).`);
    if ((await apt("install", "-y", "--no-install-recommends", name, font)) === 0) return;
  }
}

function isDebianLike(): boolean {
  try {
    return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false; // No such file outside Linux.
  }
}

/**
 * Finds a Chromium, or installs one.
 * @returns Its path.
 * @throws {MissingError} Naming the remedy, where it cannot be installed.
 */
export async function ensureChromium(): Promise<string> {
  for (const attempt of [tryPlaywright, tryApt]) {
    if (findChromium(process.env) !== undefined) break;
    await attempt();
  }
  const found = findChromium(process.env);
  if (found === undefined) {
    throw new MissingError("No Chromium was found, and none could be installed.", chromiumRemedy);
  }
  return found;
}

if (import.meta.main) {
  try {
    say(`Chromium: ${await ensureChromium()}`);
  } catch (error) {
    say(`Chromium: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
