// Ranked passages from an index that a crawl has made. Run: node examples/search.ts QUERY
import { createForager } from "../src/index.ts"; // in your project: from "forager"

await using forager = createForager({ dataDir: process.env["FORAGER_DATA_DIR"] ?? ".forager" });
const { hits } = await forager.search(process.argv.slice(2).join(" "), { limit: 5 });
for (const { score, title, heading, url, text } of hits) {
  console.log(
    `${score.toFixed(3)}  ${title} > ${heading}\n       ${url}\n       ${text.slice(0, 120).replaceAll("\n", " ")}`,
  );
}
