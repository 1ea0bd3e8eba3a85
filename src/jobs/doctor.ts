import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromiumRemedy, findChromium } from "../browser/chromium.ts";
import { checkDatabase } from "../check-database.ts";
import type { Clock } from "../clock.ts";
import type { RunContext } from "../context.ts";
import { dataFile } from "../data-folder.ts";
import { MissingError, messageOf } from "../errors.ts";
import { nearestFolder } from "../make-folder.ts";
import type { Embedder } from "../rag/embedder.ts";
import { verifyModel } from "../rag/embedders/local-onnx-model.ts";

/** One thing that was looked at. */
export interface Check {
  readonly what: string;
  readonly isOk: boolean;
  /** False for what Forager does without, at some loss. */
  readonly isNeeded: boolean;
  /** What was found, or what to do about it. */
  readonly detail: string;
}

/** What is looked at. */
export interface DoctorFloor {
  readonly clock: Clock;
  readonly dataDir: string;
  readonly chromiumPath: string;
  readonly modelFolder: string;
  /** False where searching is to go by words alone. */
  readonly isEmbedderWanted: boolean;
  readonly embedder: () => Promise<Embedder | undefined>;
  /** Looks at the store that is searched, where that is elsewhere. */
  readonly searchedStore: (signal: AbortSignal) => Promise<readonly Check[]>;
}

const leastFreeBytes = 200e6;
const withoutChromium = "pages that need JavaScript will be reported as `needs browser`";

/** Looks at all that Forager needs on this machine. Nothing is changed. */
export async function examine(floor: DoctorFloor, context: RunContext): Promise<Check[]> {
  const checks = [checkNode, checkFolder, checkIndex, checkDisk, checkChromium, checkModel, checkEmbedder];
  const found: Check[] = [];
  for (const check of checks) {
    context.signal.throwIfAborted();
    found.push(await check(floor, context));
  }
  return [...found, ...(await floor.searchedStore(context.signal))];
}

async function checkNode(): Promise<Check> {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const isOk = major > 22 || (major === 22 && minor >= 19);
  return {
    what: "Node.js",
    isOk,
    isNeeded: true,
    detail: isOk ? process.versions.node : `${process.versions.node}; 22.19 or later is needed`,
  };
}

async function checkFolder({ dataDir }: DoctorFloor): Promise<Check> {
  const folder = nearestFolder(dataDir);
  try {
    const probe = await mkdtemp(join(folder, ".forager-probe-"));
    try {
      await writeFile(join(probe, "probe"), "x");
    } finally {
      await rm(probe, { recursive: true, force: true });
    }
    return { what: "data folder", isOk: true, isNeeded: true, detail: `${resolve(dataDir)} can be written` };
  } catch (error) {
    return {
      what: "data folder",
      isOk: false,
      isNeeded: true,
      detail: `${messageOf(error)}. Use another --data-dir.`,
    };
  }
}

async function checkIndex({ dataDir, clock }: DoctorFloor, { signal }: RunContext): Promise<Check> {
  const check = { what: "index", isNeeded: true };
  const file = dataFile(dataDir);
  if (file === undefined) return { ...check, isOk: true, detail: "none there yet" };
  const found = await checkDatabase(file, { clock }, signal);
  switch (found.kind) {
    case "sound":
      return { ...check, isOk: true, detail: `${file.path} is sound` };
    case "unread":
      return {
        ...check,
        isOk: true,
        detail: `nothing wrong was found, but not all was read: ${found.detail}`,
      };
    case "damaged":
      return { ...check, isOk: false, detail: found.detail };
  }
}

async function checkDisk({ dataDir }: DoctorFloor): Promise<Check> {
  const { bavail, bsize } = await statfs(nearestFolder(dataDir));
  const free = bavail * bsize;
  return {
    what: "disk",
    isOk: free >= leastFreeBytes,
    isNeeded: true,
    detail: `${(free / 1e9).toFixed(1)} GB free`,
  };
}

async function checkChromium({ chromiumPath }: DoctorFloor): Promise<Check> {
  const check = { what: "Chromium", isNeeded: false };
  try {
    const found = chromiumPath || findChromium(process.env);
    if (found !== undefined && existsSync(found)) return { ...check, isOk: true, detail: found };
    const why = found === undefined ? "none found" : `${found} is not there`;
    return { ...check, isOk: false, detail: `${why}; ${withoutChromium}. ${chromiumRemedy}` };
  } catch (error) {
    if (!(error instanceof MissingError)) throw error;
    return { ...check, isOk: false, detail: `${withoutChromium}. ${error.message}` };
  }
}

async function checkModel({ modelFolder }: DoctorFloor): Promise<Check> {
  try {
    const wrong = (await verifyModel(modelFolder || undefined)).filter((file) => file.state !== "ok");
    return {
      what: "embedding model",
      isOk: wrong.length === 0,
      isNeeded: false,
      detail:
        wrong.length === 0
          ? "all checksums hold"
          : `${wrong.map(({ file, state }) => `${file} ${state}`).join(", ")}. Install Forager again.`,
    };
  } catch (error) {
    return { what: "embedding model", isOk: false, isNeeded: false, detail: messageOf(error) };
  }
}

async function checkEmbedder(
  { embedder, isEmbedderWanted }: DoctorFloor,
  context: RunContext,
): Promise<Check> {
  const what = "embedder";
  try {
    const made = await embedder();
    if (!made)
      return {
        what,
        isOk: !isEmbedderWanted,
        isNeeded: false,
        detail: `${isEmbedderWanted ? "it cannot be opened here" : "none, as configured"}: searching goes by words alone`,
      };
    await made.embed(["A text to try it on."], context.signal);
    return {
      what,
      isOk: made.isProven,
      isNeeded: false,
      detail: made.isProven
        ? `${made.id}: its vectors are right`
        : `${made.id} works; its strength is unknown, so words have more say`,
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof MissingError)) throw error;
    return { what, isOk: false, isNeeded: false, detail: error.message };
  }
}
