import { createForager } from "../../src/index.ts";
import { cost } from "./cost.ts";

const [url = "", pages, dataDir = ""] = process.argv.slice(2);
const forager = createForager({ dataDir });
const summary = await forager.crawl(url, { maxPages: Number(pages), embed: "later" });
await forager.close();
cost(summary.pages);
