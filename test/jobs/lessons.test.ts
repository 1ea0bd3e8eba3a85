import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createForager } from "../../src/index.ts";
import { systemClock } from "../../src/clock.ts";
import { DataFolder } from "../../src/data-folder.ts";
import { temporaryFolder } from "../cli/run-forager.ts";
import { serveSite } from "../sites/static-site.ts";

describe("a crawl and what it learns", () => {
  it("C16: keeps the pace of a host that refused, for the next crawl to start with", async () => {
    await using folder = await temporaryFolder();
    let refusals = 2;
    await using site = await serveSite(({ url }) => {
      if (url === "/robots.txt" || url === "/sitemap.xml") return undefined;
      if (url === "/slow" && refusals-- > 0)
        return { status: 429, headers: { "retry-after": "0" }, body: "" };
      return `<title>${url}</title><p>The page at ${url}.</p><a href="/slow">on</a>`;
    });
    {
      await using forager = createForager({ dataDir: folder.path });
      assert.equal((await forager.crawl(`${site.origin}/`, { embed: "off" })).pages, 2);
    }
    using data = DataFolder.open(folder.path, {
      isCreated: false,
      clock: systemClock,
      embedder: undefined,
    });
    const { entries } = await data.coordination.memory.list("learned/");
    assert.deepEqual(
      entries.map(({ key }) => key),
      [`learned/host/${new URL(site.origin).host}`],
    );
  });
});
