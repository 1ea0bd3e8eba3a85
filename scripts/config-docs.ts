// Prints docs/config.md from the schema; with --check says whether the file is what it should be.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listOptions } from "../src/config.ts";

const file = join(import.meta.dirname, "..", "docs", "config.md");
const rows = listOptions().map(
  ({ path, variable, type, fallback, description }) =>
    `| \`${path}\` | \`${variable}\` | ${type} | ${fallback === undefined ? "" : `\`${JSON.stringify(fallback)}\``} | ${description.replaceAll("|", "\\|")} |`,
);
const text = `# Options

Flags win over \`FORAGER_...\` variables, these over \`forager.config.json\` (or \`--config FILE\`), that over the defaults. In the file an option stands under its room, as in
\`{"http": {"totalTimeoutMs": 20000}}\`. Lists in variables are separated by commas. This page is printed from the schema by \`npm run docs\`.

| option | variable | type | default | meaning |
|---|---|---|---|---|
${rows.join("\n")}
`;

if (process.argv.includes("--check")) {
  if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error("docs/config.md is not what the schema says. Run: npm run docs");
    process.exitCode = 1;
  }
} else await writeFile(file, text);
