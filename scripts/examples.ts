// Runs every example against the demo site, as CI does: each must end well and print something.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveFolder } from "../test/sites/static-site.ts";

const dataDir = await mkdtemp(join(tmpdir(), "forager-examples-"));
await using site = await serveFolder(join(import.meta.dirname, "..", "demo", "site"), {
  fallbacks: { "/app/": "/app/index.html" },
});
const runs: readonly (readonly string[])[] = [
  ["crawl-and-ask.ts", `${site.origin}/`, "Which port does Lantern listen on by default?"],
  ["search.ts", "backup", "schedule"],
  ["scrape.ts", `${site.origin}/`],
  ["langchain-chain.ts", `${site.origin}/`, "Which port does Lantern listen on by default?"],
  ["plan.ts"],
];
try {
  for (const [file = "", ...words] of runs) {
    const printed = await run(file, words);
    if (printed.trim() === "") throw new Error(`examples/${file} printed nothing.`);
    console.log(`examples/${file}: ${printed.trim().split("\n").length} lines`);
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}

function run(file: string, words: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "..", "examples", file), ...words], {
    env: { ...process.env, FORAGER_DATA_DIR: dataDir },
    stdio: ["ignore", "pipe", "inherit"],
    timeout: 120_000,
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) =>
      code === 0 ? resolve(printed) : reject(new Error(`examples/${file} ended with ${code}.`)),
    );
  });
}
