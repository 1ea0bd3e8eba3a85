import { accessSync, constants, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { MissingError } from "../errors.ts";

/** What to do where no browser is found; part of every message that says so. */
export const chromiumRemedy =
  "Install Chromium or Chrome, or run `npx playwright install chromium-headless-shell` (in a checkout: `npm run setup`), or set FORAGER_CHROMIUM to the path of one.";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The Chromium to drive: `FORAGER_CHROMIUM`, else one installed on this machine, else Playwright's own download.
 * A headless shell goes before a full browser: a page costs it a third of the CPU (224 to 273 ms against 716 to 999).
 * @throws {MissingError} When `FORAGER_CHROMIUM` names a file that cannot be run.
 */
export function findChromium(env: Environment): string | undefined {
  const named = env["FORAGER_CHROMIUM"];
  if (named !== undefined && named !== "") {
    if (canRun(named)) return named;
    throw new MissingError(`${named} is not a program that can be run.`, chromiumRemedy);
  }
  return [
    ...onPath(env, shellNames),
    ...playwrightBrowsers(env, "chromium_headless_shell-"),
    ...onPath(env, fullNames),
    ...usualPlaces(env),
    ...playwrightBrowsers(env, "chromium-"),
  ].find(canRun);
}

/** True for the small headless-only build, which needs no `--headless`. */
export function isHeadlessShell(executable: string): boolean {
  return /headless[-_]shell/.test(basename(executable));
}

const shellNames = ["chromium-headless-shell", "chrome-headless-shell", "headless_shell"];
const fullNames = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

function onPath(env: Environment, names: readonly string[]): string[] {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const folders = (env["PATH"] ?? env["Path"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name + suffix)));
}

function usualPlaces(env: Environment): string[] {
  switch (process.platform) {
    case "darwin":
      return ["/Applications", join(homedir(), "Applications")].flatMap((folder) => [
        join(folder, "Google Chrome.app/Contents/MacOS/Google Chrome"),
        join(folder, "Chromium.app/Contents/MacOS/Chromium"),
      ]);
    case "win32":
      return [env["PROGRAMFILES"], env["PROGRAMFILES(X86)"], env["LOCALAPPDATA"]].flatMap((folder) =>
        folder === undefined ? [] : windowsPrograms.map((program) => join(folder, program)),
      );
    default:
      return ["/usr/bin/chromium", "/usr/lib/chromium/chromium", "/opt/google/chrome/chrome"];
  }
}

const windowsPrograms = [
  "Google\\Chrome\\Application\\chrome.exe",
  "Chromium\\Application\\chrome.exe",
  "Microsoft\\Edge\\Application\\msedge.exe",
];

/**
 * Programs in Playwright's download folder, newest revision first. Read from the disk, since importing Playwright
 * to ask it takes a quarter of a second.
 * @see https://playwright.dev/docs/browsers#managing-browser-binaries
 */
function playwrightBrowsers(env: Environment, prefix: string): string[] {
  const root = env["PLAYWRIGHT_BROWSERS_PATH"] || playwrightCache(env);
  const revision = (name: string) => Number(name.slice(prefix.length));
  return list(root)
    .filter((name) => name.startsWith(prefix) && revision(name) > 0)
    .toSorted((one, other) => revision(other) - revision(one))
    .flatMap((name) =>
      list(join(root, name)).flatMap((build) =>
        playwrightPrograms.map((program) => join(root, name, build, program)),
      ),
    );
}

const playwrightPrograms = [
  "chrome-headless-shell",
  "headless_shell",
  "chrome-headless-shell.exe",
  "chrome",
  "chrome.exe",
  "Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
  "Chromium.app/Contents/MacOS/Chromium",
];

function playwrightCache(env: Environment): string {
  if (process.platform === "darwin") return join(homedir(), "Library/Caches/ms-playwright");
  if (process.platform === "win32") {
    return join(env["LOCALAPPDATA"] ?? join(homedir(), "AppData", "Local"), "ms-playwright");
  }
  return join(env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "ms-playwright");
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Not there, or not ours to read: then it holds no browser for us.
  }
}

function canRun(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
