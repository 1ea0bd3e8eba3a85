// Crawl a site, follow what happens, ask it. Run: node examples/crawl-and-ask.ts URL QUESTION
import { createForager } from "../src/index.ts"; // in your project: from "forager"

const [url, question] = process.argv.slice(2);
if (!url || !question) throw new Error("usage: crawl-and-ask.ts URL QUESTION");

await using forager = createForager({ dataDir: process.env["FORAGER_DATA_DIR"] ?? ".forager" });

const crawl = forager.crawl(url, { maxPages: 50, embed: "all" });
for await (const event of crawl) {
  if (event.type === "page-stored") console.log(event.tier, event.url);
}
const { pages, failed, chunks } = await crawl;
console.log(`${pages} pages, ${failed} failed, ${chunks} passages`);

const answer = await forager.ask(question);
console.log(answer.answer);
for (const { url, quote, start, end } of answer.citations)
  console.log(`- ${url} [${start}, ${end}): ${quote}`);
