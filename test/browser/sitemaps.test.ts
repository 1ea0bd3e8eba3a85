import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { HostClock, HostClockOptions } from "../../src/browser/host-clock.ts";
import { HostGate } from "../../src/browser/host-gate.ts";
import { Robots } from "../../src/browser/robots.ts";
import { readSitemap, sitemapUrls } from "../../src/browser/sitemaps.ts";
import { type Route, sitemapOf, startHostileSite } from "../sites/hostile.ts";
import { openHttpTier } from "./http-fixture.ts";

const base = "http://example.org/";
async function read(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { url } of readSitemap(new TextEncoder().encode(text), base))
    found.push(url.replace(base, "/"));
  return found;
}

const files: readonly (readonly [string, string, readonly string[]])[] = [
  ["XML", sitemapOf("http://example.org", ["/a", "/b"]), ["/a", "/b"]],
  ["escapes", "<urlset><url><loc> http://example.org/?a=1&amp;b=2 </loc></url></urlset>", ["/?a=1&b=2"]],
  ["CDATA", "<urlset><url><loc><![CDATA[http://example.org/c]]></loc></url></urlset>", ["/c"]],
  [
    "pictures beside pages",
    '<urlset xmlns:image="i"><url><loc>http://example.org/a</loc><image:image><image:loc>http://example.org/a.png</image:loc></image:image></url></urlset>',
    ["/a"],
  ],
  ["a file cut off", "<urlset><url><loc>http://example.org/a</loc></url><url><loc>http://exa", ["/a"]],
  ["text", "http://example.org/a\r\nnonsense\nhttp://example.org/b\n", ["/a", "/b"]],
  ["a byte order mark", "\uFEFF<urlset><url><loc>/a</loc></url></urlset>", ["/a"]],
  ["an HTML page", "<!doctype html><html><body><url><loc>http://example.org/a</loc></url></body></html>", []],
  ["other schemes", "<urlset><url><loc>javascript:alert(1)</loc></url></urlset>", []],
  [
    "an entity bomb",
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><urlset><url><loc>http://example.org/&b;</loc></url></urlset>',
    ["/&b;"],
  ],
  ["nothing", "", []],
];

async function openSitemaps(routes: Readonly<Record<string, Route>>) {
  const site = await startHostileSite(routes);
  const { tier, guard } = openHttpTier([site.origin], { options: { maxBodyBytes: 64_000_000 } });
  const hostClock = new HostClock({ clock: systemClock }, HostClockOptions.parse({}));
  const robots = new Robots(
    { tier, clock: systemClock, hostClock },
    { userAgent: "Forager/0.1", isObeyed: true },
  );
  const gate = new HostGate({ guard, robots, hostClock, clock: systemClock });
  return {
    site,
    async list(
      options: { readonly maxUrls?: number; readonly maxFileBytes?: number } = {},
    ): Promise<string[]> {
      const found: string[] = [];
      for await (const { url } of sitemapUrls(
        { tier, robots, gate },
        site.origin,
        rootContext("test"),
        options,
      )) {
        found.push(url.replace(site.origin, ""));
      }
      return found;
    },
    async [Symbol.asyncDispose]() {
      await robots[Symbol.asyncDispose]();
      await tier[Symbol.asyncDispose]();
      await site.close();
    },
  };
}

describe("sitemaps", () => {
  for (const [name, text, expected] of files) {
    it(`reads ${name}`, async () => assert.deepEqual(await read(text), expected));
  }

  it("reads files longer than one piece, characters and lines across the seams", async () => {
    const paths = Array.from({ length: 20_000 }, (_, index) => `/${"é".repeat(index % 7)}${index}`);
    const expected = paths.map((path) => new URL(path, base).pathname);
    assert.deepEqual(await read(sitemapOf("http://example.org", paths)), expected);
    assert.deepEqual(await read(paths.map((path) => `http://example.org${path}`).join("\n")), expected);
  });

  it("follows what robots.txt names and indexes, through gzip, each file once", async () => {
    await using opened = await openSitemaps({
      "/robots.txt": (_request, response) => response.end("Sitemap: /index.xml\nSitemap: /gone.xml\n"),
      "/gone.xml": (_request, response) => response.writeHead(404).end(),
      "/index.xml": (_request, response) =>
        response.end(
          "<sitemapindex><sitemap><loc>/one.xml.gz</loc></sitemap><sitemap><loc>/index.xml</loc></sitemap></sitemapindex>",
        ),
      "/one.xml.gz": (_request, response) =>
        response
          .writeHead(200, { "content-type": "application/gzip" })
          .end(gzipSync(sitemapOf(opened.site.origin, ["/x", "/y"]))),
      "/sitemap.xml": (_request, response) => response.end(sitemapOf(opened.site.origin, ["/z"])),
    });
    assert.deepEqual((await opened.list()).sort(), ["/x", "/y", "/z"]);
    assert.equal(opened.site.log.filter(({ url }) => url === "/index.xml").length, 1);
  });

  it("stops at the number of URLs asked for and at a bomb's limit", async () => {
    const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
    const bomb = gzipSync(sitemapOf("http://example.org", paths) + " ".repeat(4_000_000));
    await using opened = await openSitemaps({
      "/sitemap.xml": (_request, response) => response.end(bomb),
    });
    assert.equal((await opened.list({ maxUrls: 100 })).length, 100);
    assert.equal((await opened.list({ maxFileBytes: 200_000 })).length, 500);
  });

  it("asks nothing of a host that may not be reached", async () => {
    await using opened = await openSitemaps({
      "/robots.txt": (_request, response) =>
        response.end(`Sitemap: ${opened.site.canary.origin}/sitemap.xml\n`),
    });
    assert.deepEqual(await opened.list(), []);
    assert.equal(opened.site.canary.connections(), 0);
  });
});
