import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Clock } from "../../src/clock.ts";
import { systemClock } from "../../src/clock.ts";
import { momentAskedFor, preferNewer } from "../../src/rag/retrieval/freshness.ts";
import type { FusedHit } from "../../src/rag/fusion.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { SmallIndex, type SmallPage } from "./small-index.ts";

const now = Date.UTC(2026, 5, 1);
const dayMs = 86_400_000;
const yearOf = (instant: number | undefined) =>
  instant === undefined ? undefined : instant === now ? "now" : new Date(instant).getUTCFullYear();

describe("the moment a question is about", () => {
  it("is now where the present state is asked for", () => {
    for (const question of [
      "What is the latest version of Lantern?",
      "Who is the current director of the museum?",
      "Is the old ferry still running?",
      "What does a ticket cost now?",
      "Which bridges were closed this year?",
      "What's new in Lantern?",
      "Wer ist derzeit Bürgermeister?",
      "Was ist die neueste Fassung?",
      "Quelle est la dernière version ?",
      "Lanternの最新バージョンは何ですか",
      "现在的市长是谁？",
    ])
      assert.equal(yearOf(momentAskedFor(question, now)), "now", question);
  });

  it("is the beginning of the latest year that is named and has begun", () => {
    const table: Readonly<Record<string, number | undefined>> = {
      "Who won the cup in 2019?": 2019,
      "How did rents change from 2015 to 2020?": 2020,
      "2024年の市長は誰ですか": 2024,
      "What will the town look like in 2050?": undefined,
      "Who was director before 2010?": undefined,
      "What does RFC 2045 define?": undefined,
      "What changed in 2019.3?": undefined,
      "Which port is 1.2000 on?": undefined,
    };
    for (const [question, year] of Object.entries(table))
      assert.equal(yearOf(momentAskedFor(question, now)), year, question);
  });

  it("is none for other questions, those on versions and on what programs call current among them", () => {
    for (const question of [
      "Which port does Lantern listen on?",
      "Since version 2.4, how is the cache emptied?",
      "How do I print the current directory?",
      "How do I show the current working directory?",
      "What does now() return?",
      "What does current_user mean?",
      "How do I keep my books?",
      "",
    ])
      assert.equal(momentAskedFor(question, now), undefined, question);
  });
});

/** Hits with scores from high to low, and the dates that some of them have, in days before now. */
const dated = fc
  .array(
    fc.record({
      score: fc.double({ min: -0.5, max: 1.2, noNaN: true }),
      age: fc.option(fc.integer({ min: -400, max: 9_000 })),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((rows) => rows.toSorted((one, other) => other.score - one.score));

const hitsOf = (rows: readonly { readonly score: number }[]): FusedHit[] =>
  rows.map(({ score }, id) => ({ id, score, parts: {} }));
const datesOf = (rows: readonly { readonly age: number | null }[]) =>
  new Map(
    rows.map(({ age }, id) => [id, age === null ? "" : new Date(now - age * dayMs).toISOString()] as const),
  );
const weight = 0.1;
const order = (rows: Parameters<typeof hitsOf>[0] & Parameters<typeof datesOf>[0], moment = now) =>
  preferNewer(hitsOf(rows), datesOf(rows), { moment, weight }).hits.map(({ id }) => Number(id));

describe("preferring newer pages", () => {
  it("never ranks a page lower for being newer", () => {
    fc.assert(
      fc.property(dated, fc.nat(), fc.integer({ min: 1, max: 5_000 }), (rows, pick, days) => {
        const known = rows.flatMap(({ age }, at) => (age === null ? [] : [at]));
        const at = known[pick % Math.max(known.length, 1)];
        if (at === undefined) return;
        const newer = rows.map((row, index) => (index === at ? { ...row, age: (row.age ?? 0) - days } : row));
        assert.ok(order(newer).indexOf(at) <= order(rows).indexOf(at));
      }),
    );
  });

  it("keeps every hit once, best first, and never puts one before another that is further ahead than the weight", () => {
    fc.assert(
      fc.property(dated, (rows) => {
        const after = order(rows);
        assert.deepEqual(
          after.toSorted((one, other) => one - other),
          [...rows.keys()],
        );
        for (const [place, id] of after.entries()) {
          for (const later of after.slice(place + 1))
            assert.ok((rows[later]?.score ?? 0) <= (rows[id]?.score ?? 0) + weight + 1e-9);
        }
        const { hits } = preferNewer(hitsOf(rows), datesOf(rows), { moment: now, weight });
        assert.ok(hits.every(({ score }, at) => at === 0 || score <= (hits[at - 1]?.score ?? 0)));
      }),
    );
  });

  it("changes nothing without dates, with one date alone, and for pages that are all of one day", () => {
    fc.assert(
      fc.property(dated, fc.nat(), fc.integer({ min: 0, max: 9_000 }), (rows, pick, age) => {
        const none = rows.map((row) => ({ ...row, age: null }));
        const one = none.map((row, at) => (at === pick % rows.length ? { ...row, age } : row));
        const all = rows.map((row) => ({ ...row, age }));
        for (const given of [none, one, all]) assert.deepEqual(order(given), [...rows.keys()]);
      }),
    );
  });

  it("leaves the scores of pages without a date, and those behind the ones that are weighed, as they are", () => {
    const hits = hitsOf([{ score: 0.8 }, { score: 0.79 }, { score: 0.78 }, { score: 0.5 }]);
    const dates = new Map([
      [0, "2016-06-01"],
      [1, ""],
      [2, "2026-05-20"],
    ]);
    const { hits: after, changes } = preferNewer(hits, dates, { moment: now, weight });
    assert.deepEqual(
      after.map(({ id }) => id),
      [2, 1, 0, 3],
    );
    assert.equal(after[1]?.score, 0.79);
    assert.equal(after[3]?.score, 0.5);
    // The newest counts 1, one ten years older 1 / (1 + .5 * 10) = .167; the mean is .583.
    assert.ok(Math.abs((changes.get(2)?.change ?? 0) - 0.0417) < 1e-3);
    assert.ok(Math.abs((changes.get(0)?.change ?? 0) + 0.0417) < 1e-3);
    assert.equal(changes.has(1), false);
  });

  it("takes all pages from a named year on for equally new", () => {
    const rows = [
      { score: 0.8, age: 5 * 365 },
      { score: 0.79, age: 30 },
    ];
    assert.deepEqual(order(rows, Date.UTC(2019, 0, 1)), [0, 1]);
    assert.deepEqual(order(rows), [1, 0]);
  });
});

const at: Clock = { ...systemClock, now: () => now };
const releases: readonly SmallPage[] = [2018, 2025, 2021].map((year) => ({
  url: `https://lantern.test/news/${year}`,
  title: "Lantern news",
  publishedAt: `${year}-03-01`,
  passages: [`The latest version of Lantern is ${year - 2015}.0, and it is a good one.`],
}));

async function ask(pages: readonly SmallPage[], query: string, given: Partial<RetrieveOptions> = {}) {
  using index = new SmallIndex(pages);
  const retriever = new Retriever({ store: index.store, clock: at }, RetrieveOptions.parse(given));
  const { hits } = await retriever.retrieve(query, { limit: 5 });
  return hits;
}
const urls = (hits: Awaited<ReturnType<typeof ask>>) => hits.map(({ chunk }) => chunk.url.slice(-4));

describe("the retriever, with dates", () => {
  it("puts the newest of like pages first for a question about the present, and says why", async () => {
    const hits = await ask(releases, "What is the latest version of Lantern?");
    assert.deepEqual(urls(hits), ["2025", "2021", "2018"]);
    assert.equal(hits[0]?.freshness?.publishedAt, "2025-03-01");
    assert.ok((hits[0]?.freshness?.change ?? 0) > 0 && (hits[2]?.freshness?.change ?? 0) < 0);
  });

  it("ranks other questions as before, and all of them when it is off", async () => {
    const other = "Which version of Lantern is a good one?";
    assert.deepEqual(await ask(releases, other), await ask(releases, other, { freshnessWeight: 0 }));
    const off = await ask(releases, "What is the latest version of Lantern?", { freshnessWeight: 0 });
    assert.deepEqual(urls(off), ["2018", "2025", "2021"]);
    assert.ok(off.every(({ freshness }) => freshness === undefined));
  });

  it("does not bring a new page that is beside the point before an old one that answers", async () => {
    const beside: SmallPage = {
      url: "https://lantern.test/news/2026",
      title: "Staff",
      publishedAt: "2026-05-30",
      passages: [
        "The latest on our summer party: Lantern pays for the ice cream, and everybody may come along.",
      ],
    };
    const old = releases.slice(0, 1);
    const [first] = await ask([...old, beside], "What is the latest version of Lantern?");
    assert.equal(first?.chunk.url, old[0]?.url);
  });
});
