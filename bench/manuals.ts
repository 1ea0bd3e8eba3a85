// Real documentation, end to end through the library: crawl, embed, ask. Prints each answer beside what was expected.
//   node bench/manuals.ts NAME FOLDER [--pages N] [--embed lead|all]     NAME: python or postgresql
// (apt-get install python3-doc postgresql-doc-15: /usr/share/doc/python3-doc/html, /usr/share/doc/postgresql-doc-15/html)
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeCrawl } from "../src/cli/crawl.ts";
import { createForager } from "../src/index.ts";
import { serveFolder } from "../test/sites/static-site.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pages: { type: "string", default: "500" }, embed: { type: "string", default: "lead" } },
});
const [name = "", folder = ""] = positionals;
const all = JSON.parse(
  await readFile(join(import.meta.dirname, "manuals", "questions.json"), "utf8"),
) as Record<string, { query: string; expected: string | null }[]>;
const dataDir = await mkdtemp(join(tmpdir(), "forager-manual-"));
try {
  await using site = await serveFolder(folder);
  await using forager = createForager({ dataDir });
  const embed = values.embed === "all" ? "all" : "lead";
  console.log(
    describeCrawl(
      await forager.crawl(`${site.origin}/index.html`, { maxPages: Number(values.pages), embed }),
    ).join("\n"),
  );
  let right = 0;
  for (const { query, expected } of all[name] ?? []) {
    const answer = await forager.ask(query);
    const isRight =
      expected === null
        ? answer.abstained
        : !answer.abstained && answer.answer.toLowerCase().includes(expected.toLowerCase());
    if (isRight) right += 1;
    console.log(
      `\n${isRight ? "right" : "WRONG"}  ${query}\n       ${answer.answer}\n       ${answer.confidence.toFixed(2)}  ${answer.citations.map(({ url }) => url.replace(site.origin, "")).join(" ")}`,
    );
  }
  console.log(`\n${right} of ${all[name]?.length ?? 0} right`);
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
