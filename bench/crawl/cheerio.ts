import { CheerioCrawler, Configuration } from "crawlee";
import { cost, used } from "./cost.ts";

const loaded = used();
const [url = "", pages, folder = ""] = process.argv.slice(2);
process.env["CRAWLEE_STORAGE_DIR"] = folder;
process.env["CRAWLEE_LOG_LEVEL"] = "OFF";
let done = 0;
const crawler = new CheerioCrawler(
  {
    maxRequestsPerCrawl: Number(pages),
    maxConcurrency: 16,
    async requestHandler({ $, enqueueLinks, pushData, request }) {
      done += 1;
      await enqueueLinks({ strategy: "same-origin" });
      await pushData({ url: request.loadedUrl, title: $("title").text(), text: $("body").text() });
    },
  },
  new Configuration({ persistStorage: true, purgeOnStart: true, availableMemoryRatio: 0.5 }),
);
await crawler.run([url]);
cost(done, loaded);
process.exit(0);
