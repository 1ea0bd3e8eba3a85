import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HostGuard } from "../../src/agents/host-guard.ts";
import type { Finding } from "../../src/agents/finding.ts";
import { createPageResearcher } from "../../src/agents/researcher.ts";
import type { FetchLadder } from "../../src/browser/fetch-ladder.ts";
import type { Clock } from "../../src/clock.ts";
import { type RunContext, rootContext } from "../../src/context.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const context = rootContext("test");
const options = { isCritical: false };
const noPage = (reason: "timeout" | "network" | "robots", isTransient = true): Finding => ({
  kind: "no-page",
  reason,
  detail: "the test says so",
  isTransient,
  attempts: [],
});
const page = (httpStatus = 200) => ({ kind: "page", page: { httpStatus } }) as Finding;

function open() {
  const clock = new SettlingClock();
  const hosts = new HostGuard({ clock });
  let asked = 0;
  const find = (finding: Finding, host = "a.example") =>
    hosts.find(
      `https://${host}/`,
      context,
      async () => {
        asked += 1;
        return finding;
      },
      options,
    );
  const times = async (count: number, finding: Finding) => {
    const kinds = new Set<string>();
    for (let i = 0; i < count; i += 1) kinds.add((await find(finding)).kind);
    return [...kinds];
  };
  return { hosts, clock, find, times, asked: () => asked };
}

describe("the guard of hosts", () => {
  it("C39: puts the pages of a host off that answers nothing, leaves others alone, and goes on when it is back", async () => {
    const { find, times, clock, asked } = open();
    assert.deepEqual(await times(20, noPage("timeout")), ["no-page"]);
    const put = await find(page());
    assert.deepEqual(
      put.kind === "deferred" && [put.untilMs - clock.now(), put.reason, put.attempts.length],
      [5_000, "network", 0],
    );
    assert.equal(asked(), 20);
    assert.equal((await find(page(), "b.example")).kind, "page");
    clock.advance(5_000);
    assert.deepEqual(await times(30, page()), ["page"]);
  });

  it("C39: asks a dead host only by probes, and gives its pages up after a minute without asking", async () => {
    const { find, times, clock, asked } = open();
    await times(20, noPage("network"));
    const kinds: string[] = [];
    for (let second = 0; second <= 90; second += 1) {
      kinds.push((await find(noPage("network"))).kind);
      clock.advance(1_000);
    }
    assert.ok(asked() - 20 <= 15, `${asked() - 20} probes in 90 s`);
    assert.ok(kinds.slice(0, 60).filter((kind) => kind === "deferred").length >= 45);
    const given = await find(noPage("network"));
    assert.equal(given.kind === "no-page" && /not answered for 91 s/.test(given.detail), true);
    assert.equal(given.kind === "no-page" && given.isTransient, true);
  });

  it("C39: a site with broken parts goes on as if there were no guard", async () => {
    const { times, find, asked } = open();
    for (let i = 0; i < 20; i += 1) {
      assert.deepEqual(await times(19, noPage("timeout")), ["no-page"]);
      assert.equal((await find(page())).kind, "page");
    }
    assert.equal(asked(), 400);
  });

  it("C39: neither a site's own errors, nor refusals, nor what is final count against it", async () => {
    const { times, asked } = open();
    for (const finding of [
      page(500),
      page(404),
      page(503),
      noPage("robots", false),
      noPage("network", false),
    ])
      assert.deepEqual(await times(40, finding), [finding.kind]);
    assert.equal(asked(), 200);
  });

  it("C39: a gateway without a server behind it is waited for, but no page is lost to it", async () => {
    const { find, times, clock } = open();
    await times(20, page(502));
    assert.equal((await find(page())).kind, "deferred");
    for (let second = 0; second <= 61; second += 1) {
      await find(page(502));
      clock.advance(1_000);
    }
    assert.deepEqual(await times(10, page(502)), ["page"]);
  });

  it("C39: costs a page of a healthy site three looks at the clock: no timer, no event, no signal of its own", async () => {
    const clock = new SettlingClock();
    let looks = 0;
    let sleeps = 0;
    const counted: Clock = {
      now: () => {
        looks += 1;
        return clock.now();
      },
      sleep: async (milliseconds, signal) => {
        sleeps += 1;
        await clock.sleep(milliseconds, signal);
      },
    };
    const events = new EventStream();
    const told: ForagerEvent[] = [];
    events.subscribe((event) => told.push(event));
    const hosts = new HostGuard({ clock: counted, events });
    const found = page();
    const contexts = new Set<RunContext>();
    const pages = 1_000;
    for (let i = 0; i < pages; i += 1) {
      const climb = async (own: RunContext) => {
        contexts.add(own);
        return found;
      };
      assert.equal(await hosts.find("https://a.example/", context, climb, options), found);
    }
    assert.deepEqual([contexts.size, contexts.has(context)], [1, true]); // a context for each page would be a signal and its listeners for each
    assert.deepEqual({ looks, sleeps, told }, { looks: 3 * pages, sleeps: 0, told: [] });
    assert.deepEqual([hosts.guard.status().hedged, hosts.guard.toJSON().breakers], [0, {}]);
  });

  it("C41: a page that somebody waits for is asked for twice when it is slow, and only then", async () => {
    const { hosts, clock } = open();
    let tries = 0;
    const climb = async (own: { readonly signal: AbortSignal }) => {
      tries += 1;
      await clock.sleep(tries === 1 ? 60_000 : 100, own.signal);
      return page();
    };
    const url = "https://a.example/";
    assert.equal((await hosts.find(url, context, climb, { isCritical: true })).kind, "page");
    assert.equal(tries, 2);
    await hosts.find(url, context, climb, { isCritical: true });
    assert.equal(tries, 3);
  });

  it("C39: is what the researcher of pages asks before it goes to a host", async () => {
    let climbs = 0;
    const ladder = {
      fetch: async () => {
        climbs += 1;
        return noPage("network");
      },
    } as unknown as FetchLadder;
    const extractor = {} as Parameters<typeof createPageResearcher>[0]["extractor"];
    const { hosts } = open();
    const researcher = createPageResearcher({ ladder, extractor, hosts });
    const kinds: string[] = [];
    for (let i = 0; i < 22; i += 1)
      kinds.push((await researcher.run({ url: `https://a.example/${i}` }, context)).kind);
    assert.deepEqual(kinds.slice(19), ["no-page", "deferred", "deferred"]);
    assert.equal(climbs, 20);
  });
});
