// The main job on a site that comes with Forager: crawl, index, ask. Offline; everything it makes is removed.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeAnswer } from "../src/cli/answer-view.ts";
import { describeCrawl } from "../src/cli/crawl.ts";
import { createForager } from "../src/index.ts";
import { serveFolder } from "../test/sites/static-site.ts";

interface DemoQuestion {
  readonly question: string;
  /** What the answer has to hold; null where the site does not say. */
  readonly expected: string | null;
}

const folder = join(import.meta.dirname, "..", "demo");
const questions = JSON.parse(
  await readFile(join(folder, "questions.json"), "utf8"),
) as readonly DemoQuestion[];
const dataDir = await mkdtemp(join(tmpdir(), "forager-demo-"));
let wrong = 0;
try {
  await using site = await serveFolder(join(folder, "site"), { fallbacks: { "/app/": "/app/index.html" } });
  await using forager = createForager({ dataDir });
  console.log(`> forager crawl ${site.origin}/\n`);
  const job = forager.crawl(`${site.origin}/`, { embed: "all" });
  for await (const event of job) {
    if (event.type === "page-stored")
      console.log(`  ${event.tier.padEnd(8)} ${event.url.replace(site.origin, "")}`);
    else if (event.type === "page-failed" || event.type === "page-skipped")
      console.log(`  ${event.reason.padEnd(8)} ${event.url.replace(site.origin, "")}`);
  }
  const summary = await job;
  console.log(`\n${describeCrawl(summary).slice(0, -1).join("\n")}`);
  if ((summary.tiers["headless"] ?? 0) === 0)
    throw new Error("No page was rendered: the demo's JavaScript part is missing from the index.");
  for (const { question, expected } of questions) {
    const answer = await forager.ask(question);
    console.log(`\n> forager ask "${question}"\n\n${describeAnswer(answer).replaceAll(site.origin, "")}`);
    const isRight =
      expected === null
        ? answer.abstained
        : !answer.abstained && answer.answer.toLowerCase().includes(expected.toLowerCase());
    if (!isRight) {
      wrong += 1;
      console.log(`  (expected ${expected === null ? "no answer" : `"${expected}"`})`);
    }
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
if (wrong > 0) {
  console.error(`\n${wrong} of ${questions.length} answers are not what the site says.`);
  process.exitCode = 1;
} else {
  console.log(
    `\nAll ${questions.length} answers are what the site says. Now your own: npm run crawl -- https://example.org/docs/ && npm run ask -- "..."`,
  );
}
