import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createForager } from "../../src/index.ts";
import { temporaryFolder } from "../cli/run-forager.ts";
import { serveSite } from "../sites/static-site.ts";

const pages = 30;
const sitemap = (origin: string, count = pages) =>
  `<urlset>${Array.from({ length: count }, (_, i) => `<url><loc>${origin}/page-${i}</loc></url>`).join("")}<url><loc>http://other.example/</loc></url></urlset>`;

describe("a crawl and its site's sitemaps", () => {
  it("finds pages that only the sitemap names, within scope", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite(answers);
    await using forager = createForager({ dataDir: folder.path });
    const summary = await forager.crawl(`${site.origin}/`, { embed: "off" });
    assert.equal(summary.pages, pages + 1);
    assert.equal(summary.failed, 0);
  });

  it("leaves them alone when told to, or when only the seed is wanted", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite(answers);
    await using forager = createForager({ dataDir: folder.path });
    assert.equal((await forager.crawl(`${site.origin}/`, { embed: "off", useSitemaps: false })).pages, 1);
    assert.ok(!site.requests.some(({ url }) => url === "/sitemap.xml"));
    await forager.forget();
    assert.equal((await forager.crawl(`${site.origin}/`, { embed: "off", maxDepth: 0 })).pages, 1);
  });

  it("goes on reading one that an interruption cut short", async () => {
    await using folder = await temporaryFolder();
    const stop = new AbortController();
    let isCutShort = true;
    await using site = await serveSite((request) => {
      if (request.url !== "/sitemap.xml" || !isCutShort) return answers(request);
      isCutShort = false;
      stop.abort(new Error("cut short"));
      return new Promise(() => {});
    });
    await using forager = createForager({ dataDir: folder.path });
    await assert.rejects(forager.crawl(`${site.origin}/`, { embed: "off" }, stop.signal), /cut short/);
    assert.equal((await forager.crawl(`${site.origin}/`, { embed: "off" })).pages, pages + 1);
  });

  it("fetches what a sitemap has named while the next one is still to come", async () => {
    await using folder = await temporaryFolder();
    const { promise: pageAsked, resolve } = Promise.withResolvers<void>();
    const empty = { headers: { "content-type": "application/xml" }, body: "<urlset></urlset>" };
    await using site = await serveSite((request) => {
      const origin = `http://${request.headers.host}`;
      if (request.url.startsWith("/page-")) resolve();
      if (request.url === "/second.xml") return pageAsked.then(() => empty);
      if (request.url === "/sitemap.xml")
        return {
          ...empty,
          body: `<sitemapindex><sitemap><loc>${origin}/first.xml</loc></sitemap><sitemap><loc>${origin}/second.xml</loc></sitemap></sitemapindex>`,
        };
      return request.url === "/first.xml" ? { ...empty, body: sitemap(origin, 600) } : answers(request);
    });
    await using forager = createForager({ dataDir: folder.path });
    const signal = AbortSignal.timeout(240_000);
    const summary = await forager.crawl(`${site.origin}/`, { embed: "off", maxPages: 40 }, signal);
    assert.equal(summary.pages, 40);
  });

  it("goes on to a higher page limit, also when it was cut short while vectors were made", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite(answers);
    const stop = new AbortController();
    const hanging = {
      id: "hanging",
      dimensions: 4,
      maxTokens: 100,
      isProven: false,
      concurrency: 1,
      batchSize: 8,
      embed: () => new Promise<never>(() => {}),
      async [Symbol.asyncDispose]() {},
    };
    {
      await using forager = createForager({ dataDir: folder.path }, { embedder: hanging });
      const job = forager.crawl(`${site.origin}/`, { embed: "lead", maxPages: 5 }, stop.signal);
      const events = forager.events.subscribe((event) => {
        if (event.type === "node-ended" && event.node === "settle") stop.abort(new Error("cut short"));
      });
      await assert.rejects(job, /cut short/);
      events();
    }
    await using forager = createForager({ dataDir: folder.path });
    assert.equal((await forager.crawl(`${site.origin}/`, { embed: "off", maxPages: 12 })).pages, 12);
  });

  it("ends at the page limit while a sitemap is still to come", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite((request) =>
      request.url === "/sitemap.xml" ? new Promise(() => {}) : answers(request),
    );
    await using forager = createForager({ dataDir: folder.path });
    assert.equal((await forager.crawl(`${site.origin}/`, { embed: "off", maxPages: 1 })).pages, 1);
  });
});

function answers({
  url,
  headers,
}: {
  readonly url: string;
  readonly headers: { readonly host?: string | undefined };
}): string | { readonly headers: { readonly "content-type": string }; readonly body: string } | undefined {
  if (url === "/sitemap.xml")
    return { headers: { "content-type": "application/xml" }, body: sitemap(`http://${headers.host}`) };
  return url === "/" || url.startsWith("/page-")
    ? `<title>${url}</title><p>The page at ${url}.</p>`
    : undefined;
}
