import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { MissingError, messageOf } from "../src/errors.ts";
import { ensureChromium } from "./ensure-chromium.ts";

// Gets what the demo and the tests need, and says what it did. Running it again costs a few ms and changes nothing.

const projectFolder = join(import.meta.dirname, "..");
/** The release that package.json installs as a dev dependency; npm scripts find it before any other. */
const leastNodeMajor = 24;

try {
  console.log(`setup: ${checkNode()}`);
  console.log(`setup: ${await checkModels()}`);
  console.log(`setup: Chromium at ${await ensureChromium()}.`);
} catch (error) {
  console.error(`setup: ${messageOf(error)}`);
  process.exitCode = 1;
}

function checkNode(): string {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < leastNodeMajor) {
    throw new MissingError(
      `The project's scripts need Node ${leastNodeMajor}, and this is ${process.versions.node}.`,
      "Run `npm ci`, then start them by `npm run`, which finds the Node in node_modules.",
    );
  }
  return `Node ${process.versions.node}.`;
}

/** Hashing the 23 MB takes some 20 ms, so that nothing has to be remembered between runs. */
async function checkModels(): Promise<string> {
  const modelsFolder = join(projectFolder, "models");
  const folders = (await readdir(modelsFolder, { withFileTypes: true })).filter((entry) =>
    entry.isDirectory(),
  );
  for (const { name } of folders) {
    const sums = await readFile(join(modelsFolder, name, "SHA256SUMS"), "utf8");
    await Promise.all(
      sums
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => checkFile(join(modelsFolder, name), line)),
    );
  }
  return `models as they should be: ${folders.map(({ name }) => name).join(", ")}.`;
}

/** @param line As `sha256sum` writes it: digest, two spaces, path. */
async function checkFile(folder: string, line: string): Promise<void> {
  const [digest = "", path = ""] = line.split(/\s+/, 2);
  const found = await readFile(join(folder, path)).then(
    (bytes) => createHash("sha256").update(bytes).digest("hex"),
    () => "missing",
  );
  if (found !== digest) {
    throw new MissingError(
      `${join(folder, path)} is ${found === "missing" ? "missing" : "not the file that was published"}.`,
      "Restore it with `git checkout -- models`.",
    );
  }
}
