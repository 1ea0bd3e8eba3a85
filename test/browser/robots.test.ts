import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import { HostClock, HostClockOptions } from "../../src/browser/host-clock.ts";
import { Robots, parseRobots } from "../../src/browser/robots.ts";
import { type Route, startHostileSite } from "../sites/hostile.ts";
import { openHttpTier } from "./http-fixture.ts";
import { SettlingClock } from "./settling-clock.ts";

interface RuleCase {
  readonly name: string;
  readonly text: string;
  readonly allowed?: readonly string[];
  readonly disallowed?: readonly string[];
}

const ruleCases: readonly RuleCase[] = [
  {
    name: "the longest match wins",
    text: "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c",
    allowed: ["/a/b", "/a/b/x", "/"],
    disallowed: ["/a", "/ax", "/a/b/c/d"],
  },
  {
    name: "Allow wins between equals",
    text: "User-agent: *\nDisallow: /page\nAllow: /page",
    allowed: ["/page"],
  },
  {
    name: "wildcards and ends",
    text: "User-agent: *\nDisallow: /*.php$\nDisallow: /x/*/y",
    allowed: ["/a.php?q=1", "/x/y"],
    disallowed: ["/a.php", "/b/c.php", "/x/1/y", "/x/1/2/yz"],
  },
  {
    name: "runs of wildcards",
    text: "User-agent: *\nDisallow: /a****b",
    disallowed: ["/a12b"],
    allowed: ["/ac"],
  },
  {
    name: "an own group hides the general one",
    text: "User-agent: *\nDisallow: /\n\nUser-agent: Forager\nDisallow: /private",
    allowed: ["/", "/x"],
    disallowed: ["/private/a"],
  },
  {
    name: "groups of one agent are merged",
    text: "User-agent: forager\nDisallow: /a\n\nUser-agent: other\nDisallow: /\n\nUser-agent: FORAGER\nDisallow: /b",
    allowed: ["/c"],
    disallowed: ["/a", "/b"],
  },
  {
    name: "several agents share a group",
    text: "User-agent: other\nUser-agent: forager\nDisallow: /a",
    disallowed: ["/a"],
  },
  {
    name: "a sitemap line ends no group",
    text: "User-agent: forager\nSitemap: http://example.org/s.xml\nUser-agent: other\nDisallow: /a",
    disallowed: ["/a"],
  },
  {
    name: "unknown lines end no group",
    text: "User-agent: forager\nNoindex: /z\nDisallow: /a\nHost: x\nDisallow: /b",
    disallowed: ["/a", "/b"],
  },
  { name: "an empty Disallow allows all", text: "User-agent: *\nDisallow:", allowed: ["/", "/a"] },
  {
    name: "rules before any agent count for nobody",
    text: "Disallow: /\nUser-agent: other\nDisallow: /",
    allowed: ["/"],
  },
  {
    name: "comments, case and line ends",
    text: "# hi\r\nuSeR-aGeNt : *   # all\rDISALLOW: /a # no\r\n",
    disallowed: ["/a"],
    allowed: ["/b"],
  },
  {
    name: "escapes in any case",
    text: "User-agent: *\nDisallow: /%c3%a9\nDisallow: /ü",
    disallowed: ["/%C3%A9", "/é", "/%c3%bc"],
  },
  {
    name: "queries take part",
    text: "User-agent: *\nDisallow: /*?print=",
    disallowed: ["/a?print=1"],
    allowed: ["/a?p=1"],
  },
  {
    name: "a line too long is no rule",
    text: `User-agent: *\nDisallow: /${"a".repeat(20_000)}\nDisallow: /b`,
    disallowed: ["/b"],
    allowed: ["/a"],
  },
];

const utf16 = (text: string) => Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from(text, "utf16le")]);
const disallowAll = "User-agent: *\nDisallow: /\n";
const plain = { "content-type": "text/plain" };
const give =
  (status: number, body: string | Buffer = ""): Route =>
  (_request, response) =>
    response.writeHead(status, plain).end(body);

const fileCases: readonly (readonly [string, Route, "allowed" | "disallowed" | "unreachable"])[] = [
  ["404", give(404, disallowAll), "allowed"],
  ["403", give(403, disallowAll), "allowed"],
  ["500", give(500), "unreachable"],
  ["503", give(503), "unreachable"],
  ["429", give(429), "unreachable"],
  ["no answer", () => {}, "unreachable"],
  ["a reset", (request) => request.socket.resetAndDestroy(), "unreachable"],
  ["rules", give(200, disallowAll), "disallowed"],
  ["UTF-8 with a mark", give(200, `\uFEFF${disallowAll}`), "disallowed"],
  ["UTF-16", give(200, utf16(disallowAll)), "disallowed"],
  ["an HTML page", give(200, `<!doctype html><pre>\n${disallowAll}</pre>`), "allowed"],
  ["rules within 500 KiB", give(200, disallowAll + "#\n".repeat(1_000_000)), "disallowed"],
  ["rules beyond 500 KiB", give(200, "#\n".repeat(300_000) + disallowAll), "allowed"],
  ["a redirect", (_request, response) => response.writeHead(301, { location: "/rules" }).end(), "disallowed"],
  [
    "endless redirects",
    (request, response) => response.writeHead(301, { location: `${request.url}x` }).end(),
    "allowed",
  ],
];

async function openRobots(robotsTxt: Route, isObeyed = true) {
  const site = await startHostileSite({ "/robots.txt": robotsTxt, "/rules": give(200, disallowAll) });
  const clock = new SettlingClock();
  const hostClock = new HostClock({ clock }, HostClockOptions.parse({}));
  const { tier } = openHttpTier([site.origin], { clock });
  const robots = new Robots({ tier, clock, hostClock }, { userAgent: "Forager/0.1", isObeyed });
  return {
    site,
    clock,
    hostClock,
    robots,
    check: async (path: string) => (await robots.check(site.origin + path, rootContext("test"))).kind,
    async [Symbol.asyncDispose]() {
      await robots[Symbol.asyncDispose]();
      await tier[Symbol.asyncDispose]();
      await site.close();
    },
  };
}

describe("robots.txt rules", () => {
  for (const { name, text, allowed = [], disallowed = [] } of ruleCases) {
    it(name, () => {
      const { parsed } = parseRobots("http://example.org", text);
      const isAllowed = (path: string) =>
        parsed.isAllowed(`http://example.org${path}`, "Forager/0.1") ?? true;
      for (const path of allowed) assert.ok(isAllowed(path), `${path} should be allowed`);
      for (const path of disallowed) assert.ok(!isAllowed(path), `${path} should be disallowed`);
    });
  }

  it("finds sitemaps anywhere, also relative ones", () => {
    const { sitemaps } = parseRobots(
      "http://example.org",
      "Sitemap: /a.xml\nUser-agent: *\nsitemap: http://example.org/b.xml # b",
    );
    assert.deepEqual(sitemaps, ["http://example.org/a.xml", "http://example.org/b.xml"]);
  });
});

describe("robots.txt files", () => {
  for (const [name, route, expected] of fileCases) {
    it(`takes ${name} for ${expected}`, async () => {
      await using opened = await openRobots(route);
      assert.equal(await opened.check("/page"), expected);
    });
  }

  it("is fetched once for all who wait, and again after a day", async () => {
    await using opened = await openRobots(give(200, disallowAll));
    await Promise.all(Array.from({ length: 50 }, () => opened.check("/page")));
    assert.equal(opened.site.log.length, 1);
    opened.clock.advance(24 * 3_600_000 + 1);
    await opened.check("/page");
    assert.equal(opened.site.log.length, 2);
  });

  it("is tried again, ever more rarely, while it cannot be had", async () => {
    await using opened = await openRobots((request, response, site) =>
      give(site.visits < 2 ? 503 : 404)(request, response, site),
    );
    assert.equal(await opened.check("/"), "unreachable");
    assert.equal(await opened.check("/"), "unreachable");
    assert.equal(opened.site.log.length, 1);
    opened.clock.advance(5_001);
    assert.equal(await opened.check("/"), "unreachable");
    opened.clock.advance(5_001);
    await opened.check("/");
    assert.equal(opened.site.log.length, 2);
    opened.clock.advance(5_001);
    assert.equal(await opened.check("/"), "allowed");
  });

  it("sets the host's pace by its Crawl-delay", async () => {
    await using opened = await openRobots(give(200, "User-agent: *\nCrawl-delay: 2.5"));
    await opened.check("/");
    assert.equal(opened.hostClock.delayMs(opened.site.origin.slice("http://".length)), 2_500);
  });

  it("is not asked for where it need not be obeyed", async () => {
    await using opened = await openRobots(give(200, disallowAll), false);
    assert.equal(await opened.check("/page"), "allowed");
    assert.equal(opened.site.log.length, 0);
  });
});
