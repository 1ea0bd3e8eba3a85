import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Folders of ours in the system's temp folder: `forager-browsers-OWNERPID-XXXXXX`. */
const prefix = "forager-browsers-";
const pidFile = ".forager-browser-pid";

/**
 * A temp folder that holds every file of one owner's browsers: profiles, caches, downloads. It goes when the owner is
 * disposed of or its process exits; what a killed process left behind goes when the next owner starts.
 */
export class BrowserHome implements Disposable {
  readonly #folder: string;
  readonly #atExit = () => this[Symbol.dispose]();

  constructor() {
    sweepStaleHomes();
    this.#folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
    process.once("exit", this.#atExit);
  }

  /** A new, empty folder for one browser. */
  createProfile(): string {
    return mkdtempSync(join(this.#folder, "profile-"));
  }

  [Symbol.dispose](): void {
    process.removeListener("exit", this.#atExit);
    removeHome(this.#folder);
  }
}

/** Notes in its profile which process the browser is, so that a sweep can end it. */
export function recordBrowser(profile: string, pid: number): void {
  mkdirSync(profile, { recursive: true });
  writeFileSync(join(profile, pidFile), String(pid));
}

/** Ends a browser and all its children at once. The browser was started as the leader of its own process group. */
export function killBrowser(pid: number): void {
  try {
    // Windows has no groups; there Chromium's children end with it.
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL");
  } catch (error) {
    if (!isNoSuchProcess(error)) throw error;
  }
}

/** Ends the browsers and removes the folders of owners that are no more. */
export function sweepStaleHomes(): void {
  for (const name of list(tmpdir())) {
    const owner = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1] ?? 0);
    if (owner > 0 && owner !== process.pid && !isAlive(owner)) removeHome(join(tmpdir(), name));
  }
}

function removeHome(folder: string): void {
  for (const name of list(folder)) {
    const profile = join(folder, name);
    const pid = readPid(profile);
    // A process id is used again: only a process that was started with this profile is the browser.
    if (pid > 0 && commandOf(pid).includes(profile)) killBrowser(pid);
  }
  // A dying browser may still write for a moment. And `rmSync` gives up without a word where a file it was about to
  // remove is removed by somebody else: the profile of a browser that has just ended goes by itself (seen under load).
  for (let tries = 0; tries < 10 && existsSync(folder); tries++) {
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

function readPid(profile: string): number {
  try {
    return Number(readFileSync(join(profile, pidFile), "utf8"));
  } catch {
    return 0; // A browser that was never started.
  }
}

function commandOf(pid: number): string {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (process.platform === "win32") return "";
    return execFileSync("ps", ["-o", "command=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return ""; // It ended.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !isNoSuchProcess(error);
  }
}

function isNoSuchProcess(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ESRCH";
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // Another process swept it first.
  }
}
