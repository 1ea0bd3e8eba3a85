import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { generateSite, serveGeneratedSite } from "./generated-site.ts";
import type { GeneratedSite } from "./generated-site.ts";
import { nameOf } from "./generated-text.ts";
import type { SiteAnswer } from "./static-site.ts";

describe("generated site", () => {
  it("is the same for the same seed, and another for another", () => {
    assert.deepEqual(bodiesOf(7), bodiesOf(7));
    const others = new Set(bodiesOf(8));
    assert.ok(bodiesOf(7).every((body) => !others.has(body)));
  });

  for (const pages of [3, 27, 300]) {
    it(`has exactly the ${pages} documents that it says, all reachable by links`, () => {
      const site = generateSite({ pages, seed: 1 });
      assert.equal(new Set(site.documents).size, pages);
      const found = crawl(site);
      assert.deepEqual([...found.documents].toSorted(), site.documents.toSorted());
      assert.deepEqual(found.missing.toSorted(), site.missing.toSorted());
      for (const path of [...site.redirects.keys(), ...site.noindex, ...site.disallowed]) {
        assert.ok(found.seen.has(path), `${path} is linked`);
      }
    });
  }

  it("states each page's fact on that page alone", () => {
    const site = generateSite({ pages: 300, seed: 1 });
    const bodies = site.documents.map((url) => ({ url, body: bodyOf(site.answer({ url })) }));
    for (const fact of site.facts) {
      const holders = bodies.filter(({ body }) => body.includes(fact.quote)).map(({ url }) => url);
      assert.deepEqual(holders, [fact.path]);
      assert.ok(fact.quote.includes(fact.answer));
    }
  });

  it("spells addresses of one page in several ways, all with one content", () => {
    const site = generateSite({ pages: 60, seed: 1 });
    const content = (url: string) => bodyOf(site.answer({ url }));
    assert.equal(content("/archive?volume=1&item=7"), content("/archive?item=7&volume=1"));
    assert.equal(content("/section-1/page-0.html?utm_source=x"), content("/section-1/page-0.html"));
  });

  it("gives 20,000 pages names of their own", () => {
    const names = Array.from({ length: 20_000 }, (_, index) => nameOf(index, 3));
    assert.equal(new Set(names).size, names.length);
  });

  it("answers over HTTP with its statuses, headers and robots.txt", async () => {
    await using site = await serveGeneratedSite({ pages: 60, seed: 1 });
    const statusOf = async (path: string) => (await fetch(site.origin + path, { redirect: "manual" })).status;
    const [redirect = ""] = site.redirects.keys();
    assert.equal(await statusOf("/"), 200);
    assert.equal(await statusOf(redirect), 301);
    assert.equal(await statusOf(site.missing[0] ?? ""), 404);
    assert.match(await (await fetch(`${site.origin}/robots.txt`)).text(), /Disallow: \/internal\//);
  });
});

function bodiesOf(seed: number): string[] {
  const site = generateSite({ pages: 60, seed });
  return site.documents.map((url) => bodyOf(site.answer({ url })));
}

function crawl(site: GeneratedSite) {
  const canonicals = new Map(site.documents.map((path) => [normalize(path), path]));
  const seen = new Set(["/"]);
  const documents = new Set<string>();
  const missing: string[] = [];
  for (const url of seen) {
    const answer = site.answer({ url });
    if (answer === undefined) missing.push(url);
    const body = bodyOf(answer);
    const canonical = canonicals.get(normalize(url));
    if (canonical !== undefined) documents.add(canonical);
    const location = typeof answer === "object" ? answer.headers?.["location"] : undefined;
    if (location !== undefined) seen.add(location);
    for (const [, href = ""] of body.matchAll(/href="([^"]+)"/g)) seen.add(href.replaceAll("&amp;", "&"));
  }
  return { seen, documents, missing };
}

function normalize(path: string): string {
  const url = new URL(path, "http://site");
  for (const name of ["utm_source", "utm_medium"]) url.searchParams.delete(name);
  url.searchParams.sort();
  return url.href;
}

function bodyOf(answer: SiteAnswer | undefined): string {
  const body = typeof answer === "object" ? answer.body : answer;
  return typeof body === "string" ? body : "";
}
