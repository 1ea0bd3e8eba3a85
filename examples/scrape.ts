// Pages as markdown, without an index. Run: node examples/scrape.ts URL...
import { createForager } from "../src/index.ts"; // in your project: from "forager"

await using forager = createForager();
for await (const page of forager.scrape(process.argv.slice(2), { format: "markdown" })) {
  if (page.status === "ok")
    console.log(`# ${page.title} (${page.finalUrl}, by ${page.tier})\n\n${page.content}\n`);
  else console.error(`${page.url}: ${page.error?.message}`);
}
