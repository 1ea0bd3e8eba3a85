import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/clock.ts";
import { DataFolder } from "../../src/data-folder.ts";
import { forager, jsonLines, startForager, temporaryFolder } from "../cli/run-forager.ts";
import { serveGeneratedSite } from "../sites/generated-site.ts";

const pages = 300;
const kills = 20;
const concurrency = 8;
const crawl = (origin: string, dataDir: string) => [
  "crawl",
  `${origin}/`,
  "--data-dir",
  dataDir,
  "--embed",
  "off",
  "--concurrency",
  String(concurrency),
  "--json",
];

describe("a crawl that is killed", () => {
  it(
    `equals an undisturbed one after ${kills} kill -9 at any moment, and fetches little twice`,
    { timeout: 900_000 },
    async () => {
      await using folder = await temporaryFolder();
      await using site = await serveGeneratedSite({ pages, seed: 7, latencyMs: 50 });
      const whole = await forager(...crawl(site.origin, `${folder.path}/whole`));
      assert.equal(whole.code, 0, whole.err);
      const undisturbed = fetches(site.requests);

      for (let i = 0; i < kills; i += 1) {
        const before = site.requests.length;
        const { child, ended } = startForager(crawl(site.origin, `${folder.path}/killed`));
        // A few die while they start or take up what was left, the others some requests later: twenty such lives do not finish it.
        if (i % 5 === 4) await Promise.race([delay(i * 25), ended]);
        else
          while (site.requests.length < before + 1 + ((i * 7) % 12) && child.exitCode === null)
            await delay(1);
        child.kill("SIGKILL");
        assert.equal((await ended).signal, "SIGKILL");
      }
      const resumed = await forager(...crawl(site.origin, `${folder.path}/killed`));
      assert.equal(resumed.code, 0, resumed.err);

      assert.deepEqual(await contents(`${folder.path}/killed`), await contents(`${folder.path}/whole`));
      assert.deepEqual(counted(jsonLines(resumed.out)[0] ?? {}), counted(jsonLines(whole.out)[0] ?? {}));
      const again = fetches(site.requests) - 2 * undisturbed;
      assert.ok(again <= kills * concurrency, `${again} fetches more than an undisturbed crawl's`);
    },
  );

  it("C52: gives everything back on SIGTERM, and the next crawl loses and repeats nothing", async () => {
    await using folder = await temporaryFolder();
    const goOn = Promise.withResolvers<void>();
    // Some pages more, and then none until it has stopped, however long the signal takes.
    const gate = () => (site.requests.length > 80 ? goOn.promise : undefined);
    await using site: Awaited<ReturnType<typeof serveGeneratedSite>> = await serveGeneratedSite({
      pages: 120,
      seed: 9,
      latencyMs: 60,
      gate,
    });
    const { child, ended } = startForager(crawl(site.origin, folder.path));
    while (site.requests.length < 60) await delay(5);
    child.kill("SIGTERM");
    assert.equal((await ended).code, 130);
    goOn.resolve();
    {
      using data = DataFolder.open(folder.path, {
        isCreated: false,
        clock: systemClock,
        embedder: undefined,
      });
      const { frontier, tasks, leases } = data.coordination;
      assert.equal(frontier.counts(1).leased, 0);
      assert.equal(tasks.counts().leased, 0);
      assert.deepEqual([data.owner(), leases.holder("leader")], [undefined, undefined]);
    }
    const whole = await forager(...crawl(site.origin, folder.path));
    assert.equal(whole.code, 0, whole.err);
    const summary = jsonLines(whole.out)[0];
    const stored = await contents(folder.path);
    const kept = [...stored.values()].filter((value) => String(value).startsWith("ok ")).length;
    assert.equal(summary?.["pages"], kept);
  });

  it("fetches no page more than twice when it was killed once", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 120, seed: 8 });
    const { child, ended } = startForager(crawl(site.origin, folder.path));
    while (site.requests.length < 60) await delay(5);
    child.kill("SIGKILL");
    await ended;
    assert.equal((await forager(...crawl(site.origin, folder.path))).code, 0);
    // A page that a redirect leads to may be under way by both of its addresses.
    const twice = new Set(site.redirects.values());
    const counts = Map.groupBy(
      site.requests.filter((request) => isPage(request) && !twice.has(request.url)),
      (request) => request.url,
    );
    assert.deepEqual(
      [...counts].filter(([, requests]) => requests.length > 2).map(([url]) => url),
      [],
    );
  });
});

const isPage = (request: { readonly url: string }) =>
  request.url !== "/robots.txt" && request.url !== "/sitemap.xml";
const fetches = (requests: readonly { readonly url: string }[]) => requests.filter(isPage).length;

/** What an index holds: each page with the hash of its text, each URL without a page with its reason. */
async function contents(dataDir: string): Promise<Map<unknown, unknown>> {
  const exported = await forager("export", "--data-dir", dataDir, "--include-failed");
  assert.equal(exported.code, 0, exported.err);
  return new Map(
    jsonLines(exported.out)
      .map(
        ({ url, status, reason, contentHash }) =>
          [url, `${String(status)} ${String(reason)} ${String(contentHash)}`] as const,
      )
      .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  );
}

function counted(summary: Record<string, unknown>): Record<string, unknown> {
  const { pages, failed, skipped, documents, chunks, failures } = summary;
  return { pages, failed, skipped, documents, chunks, failures };
}
