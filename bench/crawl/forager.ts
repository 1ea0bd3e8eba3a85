// The built package, as users run it: `npm run build` first.
import type * as Forager from "../../src/index.ts";
import { cost, used } from "./cost.ts";

const entry = new URL("../../dist/index.js", import.meta.url).href;
const { createForager } = (await import(entry)) as typeof Forager;
const loaded = used();
const [url = "", pages, dataDir = ""] = process.argv.slice(2);
const forager = createForager({ dataDir });
const summary = await forager.crawl(url, { maxPages: Number(pages), embed: "later" });
await forager.close();
cost(summary.pages, loaded);
