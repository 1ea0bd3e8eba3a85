import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { ClaimedUrl } from "../../src/coordination/frontier.ts";
import { LeaseLostError } from "../../src/errors.ts";
import { openBackend, pageDone, urlOf } from "./open-backend.ts";

/** A small web: who links to whom, and which addresses only lead on to another. */
interface Web {
  readonly links: readonly (readonly number[])[];
  readonly leadsTo: readonly number[];
}

const pages = 14;
const page = fc.nat(pages - 1);
const web: fc.Arbitrary<Web> = fc.record({
  // Long paths with short cuts: many pages link to the next one.
  links: fc
    .array(fc.tuple(fc.boolean(), fc.uniqueArray(page, { maxLength: 2 })), {
      minLength: pages,
      maxLength: pages,
    })
    .map((all) => all.map(([isNext, links], own) => (isNext ? [(own + 1) % pages, ...links] : links))),
  // A fifth of the addresses redirect; a redirect leads to a page, never to a further redirect.
  leadsTo: fc
    .array(fc.tuple(fc.nat(4), page), { minLength: pages, maxLength: pages })
    .map((all) =>
      all.map(([chance, target], own) => (chance === 0 && all[target]?.[0] !== 0 ? target : own)),
    ),
});

/** Depths by plain breadth-first search: a link costs 1, being led on costs nothing. */
function depthsOf({ links, leadsTo }: Web, seeds: readonly number[], maxDepth: number): Map<number, number> {
  const depths = new Map<number, number>();
  let level = seeds;
  for (let depth = 0; depth <= maxDepth && level.length > 0; depth += 1) {
    const fresh = new Set(
      level.flatMap((each) => [each, leadsTo[each] ?? each]).filter((each) => !depths.has(each)),
    );
    for (const each of fresh) depths.set(each, depth);
    level = [...fresh].flatMap((each) => (leadsTo[each] === each ? (links[each] ?? []) : []));
  }
  return depths;
}

/** Crawls the web in an order chosen by `choices`: takings, endings, retries and crashes of all workers at any moment; pages in `slow` end when nothing else is left to do. */
function crawl(
  web: Web,
  seeds: readonly number[],
  maxDepth: number,
  choices: readonly number[],
  slow: readonly number[],
) {
  using backend = openBackend();
  const { database, frontier, runs } = backend;
  const run = database.writeNow(() => runs.start("crawl", "web", {}, 0)).id;
  const numberOf = new Map(Array.from({ length: pages }, (_, number) => [urlOf(String(number)).key, number]));
  const stored: number[] = [];
  let underWay: ClaimedUrl[] = [];
  const isSlow = (claim: ClaimedUrl) => slow.includes(numberOf.get(claim.key) ?? -1);
  let deaths = 0;

  const finish = (claim: ClaimedUrl) => {
    const target = web.leadsTo[numberOf.get(claim.key) ?? -1] ?? -1;
    const final = frontier.registerFinal(claim, urlOf(String(target)), { maxDepth, now: 1 });
    if (!final.isDuplicate) {
      const links = (web.links[target] ?? []).map((each) => urlOf(String(each), claim.depth + 1));
      frontier.add(run, links, { maxDepth, from: final.id });
      stored.push(target);
    }
    frontier.finish(claim, final.isDuplicate ? duplicate : pageDone, 1);
  };

  database.writeNow(() =>
    frontier.add(
      run,
      seeds.map((seed) => urlOf(String(seed))),
      { maxDepth },
    ),
  );
  for (let step = 0; ; step += 1) {
    const choice = choices[step % choices.length] ?? 0;
    const counts = frontier.counts(run);
    if (counts.ready === 0 && counts.leased === 0) break;
    database.writeNow(() => {
      const quick = underWay.filter((each) => !isSlow(each));
      const isStuck = quick.length === 0 && counts.ready === 0;
      const from = isStuck ? underWay : choice % 5 < 3 ? quick : [];
      const claim = from[choice % Math.max(1, from.length)];
      underWay = underWay.filter((each) => each !== claim);
      if (claim && choice % 11 === 0) unlessLost(() => frontier.release(claim, 0, { countsAsAttempt: true }));
      else if (claim) unlessLost(() => finish(claim));
      else if (choice % 7 === 0 && deaths < 4) {
        deaths += 1;
        frontier.recover(0, { all: true });
        underWay = [];
      } else underWay.push(...frontier.claim(run, { limit: 1 + (choice % 3), leaseMs: 1_000, now: 1 }));
    });
  }
  const depths = database
    .prepare("SELECT key, depth FROM url WHERE state <> 'beyond'")
    .all()
    .map((row) => [numberOf.get(String(row["key"])) ?? -1, Number(row["depth"])] as const);
  const counted = database.prepare("SELECT state, count(*) AS count FROM url GROUP BY state").all();
  const kept = database
    .prepare("SELECT state, sum(count) AS count FROM url_count GROUP BY state HAVING sum(count) > 0")
    .all();
  assert.deepEqual(kept, counted);
  return { stored, depths: new Map(depths) };
}

/** A page that another worker's redirect led to is that worker's: the late end is refused. */
function unlessLost(end: () => void): void {
  try {
    end();
  } catch (error) {
    assert.ok(error instanceof LeaseLostError, String(error));
  }
}

const duplicate = {
  kind: "skipped",
  reason: "duplicate",
  detail: "",
  httpStatus: 200,
  tier: "http",
  verdict: "ok",
} as const;
const sorted = (numbers: Iterable<number>) => [...numbers].sort((left, right) => left - right);

describe("frontier against breadth-first search", () => {
  it("fetches the same pages at the same depths in whatever order they come, workers dying included", () => {
    const choices = fc
      .array(fc.nat(1_000), { minLength: 20, maxLength: 60 })
      .map((all) => [...all, 1, 3, 4, 2]);
    fc.assert(
      fc.property(
        web,
        fc.uniqueArray(page, { minLength: 1, maxLength: 2 }),
        fc.nat(5),
        choices,
        fc.uniqueArray(page, { maxLength: 4 }),
        (web, seeds, maxDepth, choices, slow) => {
          const expected = depthsOf(web, seeds, maxDepth);
          const { stored, depths } = crawl(web, seeds, maxDepth, choices, slow);
          const isPage = (each: number) => web.leadsTo[each] === each;
          assert.deepEqual(
            sorted(stored),
            sorted([...expected.keys()].filter(isPage)),
            "each page stored once",
          );
          assert.deepEqual(sorted(depths.keys()), sorted(expected.keys()));
          for (const [each, depth] of expected) assert.equal(depths.get(each), depth, `depth of ${each}`);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("reaches every query through an index", () => {
    using backend = openBackend();
    const { database, frontier, runs } = backend;
    const texts: string[] = [];
    const prepare = database.prepare.bind(database);
    database.prepare = (sql) => {
      texts.push(sql);
      return prepare(sql);
    };
    const run = runs.start("crawl", "web", {}, 0).id;
    frontier.add(run, [urlOf("a"), urlOf("b")], { maxDepth: 1 });
    const [a, b] = frontier.claim(run, { limit: 2, leaseMs: 1, now: 1 });
    assert.ok(a && b);
    const final = frontier.registerFinal(a, urlOf("c"), { maxDepth: 1, now: 1 });
    frontier.add(run, [urlOf("b"), urlOf("d", 1)], { maxDepth: 1, from: final.id });
    frontier.finish(a, pageDone, 1);
    frontier.renew([b], 1, 1);
    frontier.release(b, 5, { countsAsAttempt: true });
    frontier.recover(9, { all: true });
    frontier.setHost("site.example", { delayMs: 1, notBefore: 2 });
    frontier.nextDueAt(run);
    frontier.counts(run);
    frontier.reasons(run);
    frontier.fetched(run);
    frontier.inLinks(urlOf("a").key);
    assert.deepEqual([...frontier.ended()], []);
    for (const sql of new Set(texts)) {
      for (const row of prepare(`EXPLAIN QUERY PLAN ${sql}`).all()) {
        assert.doesNotMatch(String(row["detail"]), /^SCAN (?!CONSTANT)|TEMP B-TREE FOR ORDER/, sql);
      }
    }
  });
});
