import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createCrawlPlanner, readSeeds } from "../../src/agents/planner.ts";
import { Scope } from "../../src/browser/scope.ts";
import { createForager } from "../../src/index.ts";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { NamedLocks } from "../../src/coordination/plans/admission.ts";
import { readPlanRecord } from "../../src/coordination/plans/plan-record.ts";
import { DataFolder } from "../../src/data-folder.ts";
import { StoreError } from "../../src/errors.ts";
import { EventStream } from "../../src/events.ts";
import type { CrawlFloor } from "../../src/jobs/crawl-floor.ts";
import { CrawlOptions } from "../../src/jobs/crawl-options.ts";
import { crawl } from "../../src/jobs/crawl.ts";
import { silentLog } from "../../src/log.ts";
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
    const { entries } = await data.coordination.memory.list("learned/host/");
    assert.deepEqual(
      entries.map(({ key }) => key),
      [`learned/host/${new URL(site.origin).host}`],
    );
  });

  it("that cannot read what was learned ends as interrupted, and stops measuring", async (t) => {
    await using folder = await temporaryFolder();
    using data = DataFolder.open(folder.path, { isCreated: true, clock: systemClock, embedder: undefined });
    const broken = new StoreError("the disk does not answer");
    t.mock.method(data.coordination.memory, "list", () => Promise.reject(broken));
    const started = t.mock.method(globalThis, "setInterval");
    const stopped = t.mock.method(globalThis, "clearInterval");
    const floor: CrawlFloor = {
      database: data.database,
      archive: data.archive,
      feed: undefined,
      coordination: data.coordination,
      planner: createCrawlPlanner(),
      researcher: { run: () => Promise.reject(new Error("nobody is asked")) },
      hands: () => 1,
      demand: { waiting: 0 },
      locks: new NamedLocks(),
      backlog: undefined,
      scope: (seeds, { include, exclude }) => new Scope({ seeds, include, exclude }),
      sitemapUrls: async function* () {},
      lessons: [{ name: "host", restore() {}, changed: () => new Map() }],
      events: new EventStream(),
      clock: systemClock,
      log: silentLog,
    };
    const crawling = crawl(floor, ["http://example.com/"], CrawlOptions.parse({}), rootContext("test"));
    await assert.rejects(crawling, broken);
    assert.equal(stopped.mock.callCount(), started.mock.callCount());
    assert.equal(
      data.coordination.runs.latest("crawl", readSeeds(["http://example.com/"]).key)?.state,
      "interrupted",
    );
  });

  it("C29: expects the steps of its plan to take what they took the last time", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite({ "/": "<p>One page, and no other.</p>" });
    await using forager = createForager({ dataDir: folder.path });
    for (let times = 0; times < 2; times += 1) await forager.crawl(`${site.origin}/`, { embed: "off" });
    using data = DataFolder.open(folder.path, { isCreated: false, clock: systemClock, embedder: undefined });
    const expected = async (run: number) =>
      (await readPlanRecord(data.coordination.memory, run))?.weightMs["pages"] ?? 0;
    assert.equal(await expected(1), 60_000);
    assert.ok((await expected(2)) > 0);
    assert.notEqual(await expected(2), 60_000);
  });
});
