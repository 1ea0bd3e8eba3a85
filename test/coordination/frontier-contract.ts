import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { maxCrashes } from "../../src/coordination/frontier.ts";
import { pageDone, pageFailed, urlOf, type OpenBackend } from "./open-backend.ts";

const wide = { maxDepth: Infinity };

/** What every frontier promises. */
export function describeFrontier(name: string, open: () => OpenBackend): void {
  /** A run of its own. */
  const begin = async () => {
    const backend = open();
    const run = await backend.database.write(() => backend.runs.start("crawl", "site", {}, 0));
    const claim = (limit: number, now = 1) => backend.frontier.claim(run.id, { limit, leaseMs: 1_000, now });
    return { ...backend, run: run.id, claim, [Symbol.dispose]: () => backend.database.close() };
  };
  describe(`frontier contract: ${name}`, () => {
    it("gives each URL once, shallow ones first", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      const urls = [urlOf("deep", 2), urlOf("seed"), urlOf("middle", 1)];
      assert.equal(frontier.add(run, [...urls, urlOf("seed")], wide), 3);
      assert.equal(frontier.add(run, urls, wide), 0);
      assert.deepEqual(
        claim(10).map(({ key }) => key),
        ["seed", "middle", "deep"].map((name) => urlOf(name).key),
      );
      assert.deepEqual(claim(10), []);
    });

    it("takes hosts in turn, and of a host without delay as many as are asked for", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(
        run,
        Array.from({ length: 20 }, (_, index) => urlOf(`page-${index}`, 0, "big.example")),
        wide,
      );
      frontier.add(run, [urlOf("a", 3, "small.example"), urlOf("b", 3, "small.example")], wide);
      const hosts = claim(4).map(({ host }) => host);
      assert.deepEqual(hosts.sort(), ["big.example", "big.example", "small.example", "small.example"]);
      assert.equal(claim(10).length, 10);
    });

    it("gives no URL of a host before its delay is up", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.record({ wait: fc.nat(60), limit: fc.integer({ min: 1, max: 5 }) }), { maxLength: 30 }),
          async (rounds) => {
            using backend = await begin();
            const { frontier, run, claim } = backend;
            const delays = new Map([
              ["slow.example", 50],
              ["slower.example", 120],
            ]);
            for (const [host, delayMs] of delays) {
              frontier.setHost(host, { delayMs });
              frontier.add(
                run,
                Array.from({ length: 30 }, (_, index) => urlOf(`${index}`, 0, host)),
                wide,
              );
            }
            const last = new Map<string, number>();
            let now = 1_000;
            for (const { wait, limit } of rounds) {
              now += wait;
              for (const { host } of claim(limit, now)) {
                assert.ok(now - (last.get(host) ?? -Infinity) >= (delays.get(host) ?? 0));
                last.set(host, now);
              }
            }
          },
        ),
        { numRuns: 30 },
      );
    });

    it("waits for a host that asked for it, and says until when", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b")], wide);
      const [first] = claim(1, 10);
      assert.ok(first);
      frontier.release(first, 499.5, { countsAsAttempt: false });
      frontier.setHost(first.host, { notBefore: 300 });
      assert.deepEqual(claim(5, 299), []);
      assert.equal(frontier.nextDueAt(run), 300);
      assert.deepEqual(
        claim(5, 300).map(({ key }) => key),
        [urlOf("b").key],
      );
      assert.equal(frontier.nextDueAt(run), 500);
      const [again] = claim(5, 500);
      assert.deepEqual([again?.key, again?.attempt, again?.fence], [first.key, 1, 2]);
      assert.equal(frontier.nextDueAt(run), undefined);
    });

    it("refuses a result with an old fence, and the effect that came with it", async () => {
      using backend = await begin();
      const { frontier, run, claim, database, log } = backend;
      frontier.add(run, [urlOf("a")], wide);
      const [stale] = claim(1);
      assert.ok(stale);
      frontier.recover(2_000, { all: false });
      const [fresh] = claim(1, 2_000);
      assert.ok(fresh && fresh.fence > stale.fence && fresh.attempt === 1);
      const late = database.write(() => {
        log.append("run/1", "page-stored", {}, 0);
        frontier.finish(stale, pageDone, 2_000);
      });
      await assert.rejects(late, { code: "lease-lost" });
      assert.deepEqual(log.read("run/1"), []);
      assert.throws(() => frontier.release(stale, 0, { countsAsAttempt: true }), { code: "lease-lost" });
      frontier.finish(fresh, pageDone, 2_000);
      assert.throws(() => frontier.finish(fresh, pageDone, 2_000), { code: "lease-lost" });
    });

    it("takes last what was under way when a worker died", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("deadly"), urlOf("b"), urlOf("c")], wide);
      assert.deepEqual(
        claim(1).map(({ key }) => key),
        [urlOf("deadly").key],
      );
      frontier.recover(1, { all: true });
      assert.deepEqual(
        claim(3)
          .map(({ key }) => key)
          .toSorted((one, other) => (one < other ? -1 : 1)),
        [urlOf("b").key, urlOf("c").key, urlOf("deadly").key],
      );
      frontier.recover(2, { all: true });
      assert.deepEqual(
        claim(2).map(({ key }) => key),
        [urlOf("b").key, urlOf("c").key],
      );
    });

    it("keeps a lease that is renewed", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a")], wide);
      const claims = claim(1, 0);
      frontier.renew(claims, 5_000, 0);
      assert.equal(frontier.recover(4_999, { all: false }), 0);
      assert.equal(frontier.recover(5_000, { all: false }), 1);
    });

    it("gives up a URL whose workers die", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("poison")], wide);
      for (let death = 1; death <= maxCrashes; death += 1) {
        assert.equal(claim(1).length, 1);
        frontier.recover(death, { all: true });
      }
      assert.deepEqual(claim(1), []);
      assert.deepEqual(frontier.reasons(run), { crash: 1 });
      assert.deepEqual(
        [...frontier.ended()].map(({ reason, attempts }) => [reason, attempts]),
        [["crash", maxCrashes]],
      );
    });

    it("C13: gives a failed URL all its tries again when it is replayed, and lets be what is dismissed", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b"), urlOf("c")], wide);
      for (const each of claim(3)) frontier.finish(each, each.key.endsWith("c") ? pageDone : pageFailed, 5);
      const [a, b] = [...frontier.ended()];
      assert.ok(a && b);
      assert.equal(frontier.endedUrl(a.id)?.url, a.url);
      assert.deepEqual(frontier.replay([a.id, a.id, 99], 6), [a.id]);
      assert.equal(frontier.dismiss([b.id, b.id, a.id]), 1);
      assert.equal(frontier.endedUrl(a.id), undefined);
      assert.deepEqual(
        [...frontier.ended()].map(({ id, state, reason }) => [id, state, reason]),
        [[b.id, "skipped", pageFailed.reason]],
      );
      const { ready, done, failed, skipped } = frontier.counts(run);
      assert.deepEqual({ ready, done, failed, skipped }, { ready: 1, done: 1, failed: 0, skipped: 1 });
      const [again] = claim(1);
      assert.deepEqual([again?.key, again?.attempt], [a.url, 1]);
    });

    it("fetches known URLs again in a new run, and leaves what a newer run took to that run", async () => {
      using backend = await begin();
      const { frontier, runs, run, claim } = backend;
      frontier.add(run, [urlOf("a")], wide);
      for (const each of claim(1)) frontier.finish(each, pageDone, 1);
      const next = runs.start("crawl", "site", {}, 0).id;
      assert.equal(frontier.add(next, [urlOf("a")], wide), 1);
      assert.equal(frontier.add(run, [urlOf("a")], wide), 0);
      assert.equal(frontier.counts(run).done, 0);
      const [again] = frontier.claim(next, { limit: 1, leaseMs: 1, now: 5 });
      assert.deepEqual([again?.attempt, again?.fence], [1, 2]);
    });

    it("carries an ended run over into a new one", async () => {
      using backend = await begin();
      const { frontier, runs, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b", 1), urlOf("far", 9)], { maxDepth: 3 });
      for (const each of claim(2)) frontier.finish(each, pageDone, 1);
      const next = runs.start("crawl", "site", {}, 0).id;
      assert.equal(frontier.carryOver(run, next, { maxDepth: 3 }), 3);
      assert.deepEqual(frontier.counts(next), {
        ready: 2,
        leased: 0,
        done: 0,
        failed: 0,
        skipped: 0,
        beyond: 1,
      });
      assert.equal(frontier.counts(run).done, 0);
      assert.equal(frontier.nextDueAt(run), undefined);
      assert.equal(frontier.claim(next, { limit: 5, leaseMs: 1, now: 5 }).length, 2);
    });

    it("knows that two addresses of one page are one", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      const options = { maxDepth: Infinity, now: 1 };
      frontier.add(run, [urlOf("old"), urlOf("older"), urlOf("new", 1)], wide);
      const [old, older, fresh] = claim(3);
      assert.ok(old && older && fresh);
      assert.equal(frontier.registerFinal(old, urlOf("new"), options).isDuplicate, false);
      frontier.finish(old, pageDone, 1);
      assert.equal(frontier.registerFinal(older, urlOf("new"), options).isDuplicate, true);
      frontier.finish(older, { ...pageFailed, kind: "skipped", reason: "duplicate" }, 1);
      assert.throws(() => frontier.finish(fresh, pageDone, 1), { code: "lease-lost" });
      assert.equal(frontier.add(run, [urlOf("new")], wide), 0);
      assert.deepEqual(frontier.counts(run), {
        ready: 0,
        leased: 0,
        done: 1,
        failed: 0,
        skipped: 1,
        beyond: 0,
      });
    });

    it("counts what each page took, and who links to it", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(run, [urlOf("a"), urlOf("b")], wide);
      const [a, b] = claim(2);
      assert.ok(a && b);
      frontier.finish(a, pageDone, 1);
      frontier.finish(b, { ...pageDone, tier: "headless", bytes: 7 }, 1);
      frontier.add(run, [urlOf("b", 1), urlOf("c", 1), urlOf("a", 1)], { ...wide, from: a.id });
      frontier.add(run, [urlOf("c", 1)], { ...wide, from: b.id });
      assert.deepEqual(frontier.fetched(run), { tiers: { http: 1, headless: 1 }, bytes: 107 });
      assert.deepEqual(
        ["a", "b", "c", "d"].map((name) => frontier.inLinks(urlOf(name).key)),
        [0, 1, 2, 0],
      );
    });

    it("lists what gave no document, oldest first, while more is written", async () => {
      using backend = await begin();
      const { frontier, run, claim } = backend;
      frontier.add(
        run,
        Array.from({ length: 600 }, (_, index) => urlOf(`page-${index}`)),
        wide,
      );
      const failed = { ...pageFailed, reason: "http 404", detail: "gone" } as const;
      claim(599).forEach((each, index) => frontier.finish(each, failed, 1_000 - (index % 7)));
      const times: number[] = [];
      for (const ended of frontier.ended()) {
        if (times.length === 0) for (const each of claim(1)) frontier.finish(each, failed, 5_000);
        times.push(ended.finishedAt);
      }
      assert.equal(times.length, 600);
      assert.deepEqual(
        times,
        times.toSorted((left, right) => left - right),
      );
      assert.deepEqual(frontier.reasons(run), { "http 404": 600 });
    });
  });
}
