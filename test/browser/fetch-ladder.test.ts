import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childContext, rootContext } from "../../src/context.ts";
import { type Clock, systemClock } from "../../src/clock.ts";
import type { FetchedPage, Verdict, VerdictKind } from "../../src/document.ts";
import { MissingError, TimeoutError } from "../../src/errors.ts";
import { EgressGuard } from "../../src/browser/egress-guard.ts";
import { escalate } from "../../src/browser/escalate.ts";
import { FetchLadder, type LadderOutcome } from "../../src/browser/fetch-ladder.ts";
import type { FetchOutcome, FetchRequest, FetchTier } from "../../src/browser/fetch-tier.ts";
import { HostClock, HostClockOptions } from "../../src/browser/host-clock.ts";
import { Robots } from "../../src/browser/robots.ts";
import { type Route, startHostileSite } from "../sites/hostile.ts";
import { openHttpTier } from "./http-fixture.ts";
import { SettlingClock } from "./settling-clock.ts";

type Reply = FetchOutcome | ((request: FetchRequest) => Promise<FetchOutcome>);

/** A tier that answers from a table; a path that is not listed is a page whose verdict is ok. */
class FakeTier implements FetchTier {
  readonly name: string;
  readonly cost = 1;
  readonly isRendering: boolean;
  readonly asked: string[] = [];
  readonly #reply: (path: string) => Reply | undefined;

  constructor(
    name: string,
    isRendering: boolean,
    reply: (path: string) => Reply | undefined = () => undefined,
  ) {
    this.name = name;
    this.isRendering = isRendering;
    this.#reply = reply;
  }

  async fetch(request: FetchRequest): Promise<FetchOutcome> {
    const path = new URL(request.url).pathname;
    if (path === "/robots.txt") return pageOf(request.url, this, 404);
    this.asked.push(path);
    const reply = this.#reply(path);
    return (typeof reply === "function" ? await reply(request) : reply) ?? pageOf(request.url, this, 200);
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** The body is the verdict's kind, so that a test says what its pages turn out to be. */
function pageOf(
  url: string,
  tier: { readonly name: string; readonly isRendering: boolean },
  httpStatus: number,
  kind: VerdictKind = "ok",
  headers: Readonly<Record<string, string>> = {},
): FetchOutcome {
  const page: FetchedPage = {
    requestedUrl: url,
    finalUrl: url,
    httpStatus,
    headers,
    body: new TextEncoder().encode(kind),
    wireBytes: 10,
    tier: tier.name,
    rendered: tier.isRendering,
    fetchedAt: 0,
  };
  return { kind: "page", page };
}

async function assess(page: FetchedPage): Promise<{ verdict: Verdict; value: string }> {
  const kind = new TextDecoder().decode(page.body) as VerdictKind;
  return { verdict: { kind, evidence: "the test says so" }, value: `${page.tier}: ${kind}` };
}

const origin = "http://site.example";
const plain = { name: "http", isRendering: false };
const browser = { name: "headless", isRendering: true };
const timeout: FetchOutcome = { kind: "no-page", reason: "timeout", detail: "slow", isTransient: true };

function openLadder(tiers: readonly FetchTier[], clock: Clock = systemClock) {
  const hostClock = new HostClock({ clock }, HostClockOptions.parse({ perHostDelayMs: 0 }));
  const robotsTier = new FakeTier("robots", false);
  const robots = new Robots(
    { tier: robotsTier, clock, hostClock },
    { userAgent: "Forager/0.1", isObeyed: true },
  );
  const guard = new EgressGuard({ resolve: async () => [] }, { allowedOrigins: [] });
  const ladder = new FetchLadder({ tiers, clock, hostClock, robots, guard });
  const get = (path: string, request: Partial<FetchRequest> = {}): Promise<LadderOutcome<string>> =>
    ladder.fetch({ url: origin + path, ...request }, assess, rootContext("test"));
  return { ladder, hostClock, get };
}

function trail(outcome: LadderOutcome<string>): string {
  return outcome.attempts.map(({ tier, verdict }) => `${tier} ${verdict}`).join(", ");
}

describe("escalation", () => {
  const tiers = [false, false, true, true].map((isRendering) => ({ isRendering }));
  const table: readonly (readonly [VerdictKind, number, number | undefined])[] = [
    ["ok", 0, undefined],
    ["shell", 0, 2],
    ["empty", 1, 2],
    ["shell", 2, 3],
    ["shell", 3, undefined],
    ["blocked", 0, 1],
    ["blocked", 2, 3],
    ["blocked", 3, undefined],
    ...(
      [
        "soft-404",
        "login",
        "consent",
        "rate-limited",
        "http-error",
        "unsupported",
        "too-large",
        "transport",
      ] as const
    ).map((kind) => [kind, 0, undefined] as const),
  ];
  for (const [kind, from, to] of table) {
    it(`goes from tier ${from} to ${to ?? "nowhere"} on ${kind}`, () => {
      assert.equal(escalate({ kind, evidence: "" }, from, tiers), to);
    });
  }

  it("goes nowhere when the verdict is final", () => {
    assert.equal(escalate({ kind: "empty", evidence: "", isFinal: true }, 0, tiers), undefined);
  });
});

describe("fetch ladder", () => {
  it("ends with the first tier whose page is ok", async () => {
    const { get } = openLadder([new FakeTier("http", false), new FakeTier("headless", true)]);
    const outcome = await get("/a");
    assert.equal(outcome.kind === "page" && outcome.value, "http: ok");
    assert.equal(trail(outcome), "http ok");
  });

  it("climbs from a shell to a browser", async () => {
    const http = new FakeTier("http", false, (path) => pageOf(origin + path, plain, 200, "shell"));
    const { get } = openLadder([http, new FakeTier("headless", true)]);
    assert.equal(trail(await get("/a")), "http shell, headless ok");
  });

  it("names the reason when no tier helped", async () => {
    const http = new FakeTier("http", false, (path) => pageOf(origin + path, plain, 404, "http-error"));
    const outcome = await openLadder([http, new FakeTier("headless", true)]).get("/a");
    assert.equal(outcome.kind === "page" && outcome.reason, "http 404");
    const shell = new FakeTier("http", false, (path) => pageOf(origin + path, plain, 200, "shell"));
    const alone = await openLadder([shell]).get("/a");
    assert.equal(alone.kind === "page" && alone.reason, "needs browser");
  });

  it("keeps the plain page and says so when the browser is missing", async () => {
    const http = new FakeTier("http", false, (path) => pageOf(origin + path, plain, 200, "shell"));
    const headless = new FakeTier(
      "headless",
      true,
      () => () => Promise.reject(new MissingError("Chromium", "is needed.")),
    );
    const { get } = openLadder([http, headless]);
    for (const path of ["/a", "/b"]) {
      const outcome = await get(path);
      assert.equal(outcome.kind === "page" && outcome.reason, "needs browser");
    }
    assert.equal(headless.asked.length, 1);
  });

  it("never climbs on trouble with the connection", async () => {
    const headless = new FakeTier("headless", true);
    const outcome = await openLadder([new FakeTier("http", false, () => timeout), headless]).get("/a");
    assert.equal(outcome.kind === "no-page" && outcome.reason, "timeout");
    assert.equal(headless.asked.length, 0);
  });

  it("starts at the browser once a template needs it, and looks again now and then", async () => {
    let isStatic = false;
    const http = new FakeTier("http", false, (path) =>
      pageOf(origin + path, plain, 200, path.startsWith("/app/") && !isStatic ? "shell" : "ok"),
    );
    const headless = new FakeTier("headless", true);
    const { get } = openLadder([http, headless]);
    for (let page = 0; page < 42; page += 1) {
      await get(`/app/${page}`);
      await get(`/blog/${page}`);
    }
    const appProbes = http.asked.filter((path) => path.startsWith("/app/")).length;
    assert.equal(appProbes, 4);
    assert.equal(headless.asked.filter((path) => path.startsWith("/blog/")).length, 0);
    isStatic = true;
    const before = headless.asked.length;
    for (let page = 100; page < 140; page += 1) await get(`/app/${page}`);
    assert.ok(headless.asked.length - before <= 20);
  });

  it("does not learn from trouble on the way", async () => {
    const http = new FakeTier("http", false, (path) =>
      Number(path.slice(5)) % 2 === 0 ? timeout : pageOf(origin + path, plain, 200),
    );
    const headless = new FakeTier("headless", true);
    const { get } = openLadder([http, headless]);
    for (let page = 0; page < 30; page += 1) await get(`/app/${page}`);
    assert.equal(headless.asked.length, 0);
  });

  it("asks the cheap tier first when it has a validator", async () => {
    const http = new FakeTier("http", false, (path) =>
      path === "/app/last"
        ? { kind: "not-modified", finalUrl: origin + path, fetchedAt: 1 }
        : pageOf(origin + path, plain, 200, "shell"),
    );
    const { get } = openLadder([http, new FakeTier("headless", true)]);
    for (const page of [1, 2, 3]) await get(`/app/${page}`);
    assert.equal((await get("/app/last", { etag: '"1"' })).kind, "not-modified");
  });

  it("defers a busy host, and gives a page up that stays refused", async () => {
    const http = new FakeTier("http", false, (path) =>
      pageOf(origin + path, plain, 503, "http-error", { "retry-after": "0" }),
    );
    const clock = new SettlingClock();
    const { get } = openLadder([http], clock);
    let outcome = await get("/a");
    while (outcome.kind === "deferred") {
      await clock.sleep(Math.max(0, outcome.untilMs - clock.now()));
      outcome = await get("/a");
    }
    assert.equal(outcome.kind === "page" && outcome.reason, "http 503");
    assert.equal(http.asked.length, 6);
  });

  it("gives a URL back rather than wait long for its host", async () => {
    const http = new FakeTier("http", false);
    const { get, hostClock } = openLadder([http]);
    const untilMs = hostClock.refused("site.example:80", 429, "60");
    const outcome = await get("/a");
    assert.equal(outcome.kind === "deferred" && outcome.untilMs, untilMs);
    assert.deepEqual(http.asked, []);
  });

  it("takes a 503 with a challenge to the browser", async () => {
    const http = new FakeTier("http", false, (path) => pageOf(origin + path, plain, 503, "blocked"));
    const { get } = openLadder([http, new FakeTier("headless", true)]);
    assert.equal(trail(await get("/a")), "http blocked, headless ok");
  });

  it("ends in time though a tier never does", async () => {
    const stuck = new FakeTier("http", false, () => () => new Promise(() => {}));
    const { ladder } = openLadder([stuck]);
    using context = childContext(rootContext("test"), 30, "page", () => new TimeoutError("page", 30));
    const outcome = await ladder.fetch({ url: `${origin}/a` }, assess, context);
    assert.equal(outcome.kind === "no-page" && outcome.reason, "timeout");
  });

  it("hands a cancellation back unchanged", async () => {
    const stuck = new FakeTier("http", false, () => () => new Promise(() => {}));
    const { ladder } = openLadder([stuck]);
    const cancelled = new AbortController();
    const reason = new Error("stop");
    setTimeout(() => cancelled.abort(reason), 10);
    const fetching = ladder.fetch({ url: `${origin}/a` }, assess, rootContext("test", cancelled.signal));
    await assert.rejects(fetching, (error) => error === reason);
  });

  it("asks neither robots.txt nor the page of a private address", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    const hostClock = new HostClock({ clock: systemClock }, HostClockOptions.parse({}));
    const robots = new Robots(
      { tier: http.tier, clock: systemClock, hostClock },
      { userAgent: "Forager/0.1", isObeyed: true },
    );
    const ladder = new FetchLadder({
      tiers: [http.tier],
      clock: systemClock,
      hostClock,
      robots,
      guard: http.guard,
    });
    const get = (url: string) => ladder.fetch({ url }, assessStatus, rootContext("test"));
    const direct = await get(`${site.canary.origin}/page`);
    assert.equal(direct.kind === "no-page" && direct.reason, "private address");
    assert.equal(site.canary.connections(), 0);
  });

  it("checks robots.txt for where a redirect leads, and waits as Retry-After asks", async () => {
    const clock = new SettlingClock();
    const askedAt: number[] = [];
    const refuseOnce: Route = (_request, response) => {
      const status = askedAt.length === 0 ? 429 : 200;
      askedAt.push(clock.now());
      response.writeHead(status, { "content-type": "text/html", "retry-after": "1" }).end("<p>A page.</p>");
    };
    await using site = await startHostileSite({
      "/robots.txt": (_request, response) => response.end("User-agent: *\nDisallow: /private/"),
      "/busy": refuseOnce,
      "/p1": refuseOnce,
      "/p2": refuseOnce,
    });
    await using http = openHttpTier([site.origin]);
    const hostClock = new HostClock({ clock }, HostClockOptions.parse({}));
    const robots = new Robots(
      { tier: http.tier, clock, hostClock },
      { userAgent: "Forager/0.1", isObeyed: true },
    );
    const ladder = new FetchLadder({
      tiers: [http.tier],
      clock,
      hostClock,
      robots,
      guard: http.guard,
    });
    const get = (path: string) =>
      ladder.fetch({ url: site.origin + path }, assessStatus, rootContext("test"));
    const led = await get("/to-disallowed");
    assert.equal(led.kind === "no-page" && led.reason, "robots");
    assert.ok(!site.log.some(({ url }) => url === "/private/page"));

    assert.equal((await get("/busy")).kind, "deferred");
    const outcomes = await Promise.all(["/busy", "/p1", "/p2"].map(get));
    assert.ok(outcomes.every(({ kind }) => kind === "page"));
    const [refusedAt = 0, ...later] = askedAt;
    assert.equal(later.length, 3);
    assert.ok(later.every((at) => at - refusedAt >= 1_000));
  });
});

async function assessStatus(page: FetchedPage): Promise<{ verdict: Verdict; value: number }> {
  const kind = page.httpStatus === 200 ? "ok" : "http-error";
  return { verdict: { kind, evidence: `${page.httpStatus}` }, value: page.httpStatus };
}

// `browser` keeps the table of fakes complete: a rendered page that is still a shell is empty, not in need of a browser.
describe("reasons", () => {
  it("calls a rendered shell empty", async () => {
    const http = new FakeTier("http", false, (path) => pageOf(origin + path, plain, 200, "shell"));
    const headless = new FakeTier("headless", true, (path) => pageOf(origin + path, browser, 200, "shell"));
    const outcome = await openLadder([http, headless]).get("/a");
    assert.equal(outcome.kind === "page" && outcome.reason, "empty");
  });
});
