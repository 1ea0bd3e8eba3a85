import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { termsOf } from "../../src/rag/text/analyzer.ts";
import { detectContradictions } from "../../src/rag/conflicts/detect.ts";
import type { Evidence } from "../../src/rag/conflicts/evidence.ts";
import { type Arbitrate, resolveConflicts } from "../../src/rag/conflicts/resolve.ts";

/** A sentence on a page of its own. */
function said(
  host: string,
  quote: string,
  more: Partial<Evidence> & { readonly headings?: string } = {},
): Evidence {
  const { headings = host, ...given } = more;
  const url = given.url ?? `https://${host}/page`;
  return {
    quote,
    context: `${headings}\n${quote}`,
    url,
    host,
    title: headings.split(" > ")[0] ?? "",
    start: 0,
    end: quote.length,
    score: 0.8,
    publishedAt: "",
    contentKey: url,
    ...given,
  };
}

/** The sentences of a row of conflicts.txt, on two sites. */
function planted(row: string): { readonly question: string; readonly evidence: readonly Evidence[] } {
  const [question = "", one = "", other = "", ...headings] = row.split(" | ");
  const more = headings.map((each) => ({ headings: each }));
  return { question, evidence: [said("one.test", one, more[0]), said("other.test", other, more[1])] };
}

const table = readFileSync(new URL("conflicts.txt", import.meta.url), "utf8");
const [contradictions = [], agreements = []] = table
  .split(/^# (?:Contradictions|None)$/m)
  .slice(1)
  .map((section) => section.trim().split("\n"));

describe("contradictions between sources", () => {
  for (const row of contradictions) {
    it(`are found: ${row}`, () => {
      const { question, evidence } = planted(row);
      const [found, ...others] = detectContradictions(question, evidence);
      assert.equal(others.length, 0);
      assert.equal(found?.sides.length, 2);
      assert.deepEqual(new Set(found.sides.flatMap((side) => side.evidence)), new Set(evidence));
      assert.deepEqual(detectContradictions(question, evidence.toReversed()).length, 1);
    });
  }

  for (const row of agreements) {
    it(`are not seen in: ${row}`, () => {
      const { question, evidence } = planted(row);
      assert.deepEqual(detectContradictions(question, evidence), []);
      assert.deepEqual(detectContradictions(question, evidence.toReversed()), []);
    });
  }
});

describe("what a sentence is about", () => {
  const asked = "How heavy is the great bell of Marrow abbey?";
  const known = said("register.test", "The great bell of Marrow abbey weighs 6.8 tonnes.");
  const own = "Our great bell weighs 5.2 tonnes and sounds only on high feasts.";
  const passage = `The bells\n${own} Marrow abbey has four more.`;

  it("is what its passage is about, but within one site what it says itself", () => {
    assert.equal(detectContradictions(asked, [known, said("abbey.test", own, { passage })]).length, 1);
    assert.deepEqual(detectContradictions(asked, [known, said("abbey.test", own)]), []);
    const within = { passage, url: "https://register.test/bells" };
    assert.deepEqual(detectContradictions(asked, [known, said("register.test", own, within)]), []);
    const whole = said("register.test", "The great bell of Marrow abbey weighs 5.2 tonnes.", within);
    assert.equal(detectContradictions(asked, [known, whole]).length, 1);
  });

  it("may be named by its page alone, beside another site", () => {
    const other = "It weighs 5.2 tonnes.";
    const beside = { passage: `Marrow abbey\nA great bell. ${other}` };
    assert.equal(detectContradictions(asked, [known, said("abbey.test", other, beside)]).length, 1);
    const within = { ...beside, url: "https://register.test/bells" };
    assert.deepEqual(detectContradictions(asked, [known, said("register.test", other, within)]), []);
    const elsewhere = { passage: `Stell abbey\nA great bell. ${other}` };
    assert.deepEqual(detectContradictions(asked, [known, said("stell.test", other, elsewhere)]), []);
  });
});

const question = "What is the default port of the Acme gateway?";
const is = (port: number) => `The default port of the Acme gateway is ${port}.`;
const long = (port: number) =>
  `After years of other numbers the default port of the Acme gateway is ${port}, as its makers say in every manual.`;

/** The sides of each contradiction: value and hosts that count. */
const shape = (evidence: readonly Evidence[]) =>
  detectContradictions(question, evidence).map(({ sides }) =>
    sides.map(({ value, hosts }) => [value, hosts.length]),
  );

describe("witnesses of a contradiction", () => {
  it("need a fair chance to be right beside each other", () => {
    assert.deepEqual(shape([said("one.test", is(80)), said("two.test", is(81), { score: 0.03 })]), []);
    assert.equal(shape([said("one.test", is(80)), said("two.test", is(81), { score: 0.06 })]).length, 1);
    const unlikely = [said("one.test", is(80), { score: 0.2 }), said("two.test", is(81), { score: 0.1 })];
    assert.equal(shape(unlikely).length, 1);
  });

  it("on one host must both be good", () => {
    const [one, other] = [{ url: "https://one.test/a" }, { url: "https://one.test/b" }];
    assert.deepEqual(
      shape([said("one.test", is(80), one), said("one.test", is(81), { ...other, score: 0.4 })]),
      [],
    );
    assert.equal(shape([said("one.test", is(80), one), said("one.test", is(81), other)]).length, 1);
  });

  it("are not two copies of one document", () => {
    const copy = { contentKey: "same" };
    assert.deepEqual(shape([said("one.test", is(80), copy), said("two.test", is(81), copy)]), []);
  });

  it("say one thing on one page, and another of another thing", () => {
    const other = said("two.test", is(81));
    const more = { score: 0.9, url: "https://one.test/page" };
    const agreeing = said("one.test", is(81), more);
    assert.deepEqual(shape([agreeing, said("one.test", is(80)), other]), []);
    const ofConsole = said("one.test", "The default port of the Acme gateway console is 90.", more);
    const sides = [
      ["80", 1],
      ["81", 1],
    ];
    assert.deepEqual(shape([ofConsole, said("one.test", is(80)), other]), [sides]);
  });

  it("count once however often they were copied", () => {
    const hosts = ["one.test", "two.test", "three.test"];
    const documents = hosts.map((host) => said(host, is(80), { contentKey: "same" }));
    assert.deepEqual(shape([...documents, said("four.test", is(81))]), [
      [
        ["80", 1],
        ["81", 1],
      ],
    ]);
    const sentences = hosts.map((host) => said(host, long(80)));
    assert.deepEqual(shape([...sentences, said("four.test", long(81))]), [
      [
        ["80", 1],
        ["81", 1],
      ],
    ]);
  });

  it("of three values make one contradiction with three sides, heaviest first", () => {
    const evidence = [80, 81, 82, 82].map((port, index) => said(`${index}.test`, is(port)));
    assert.deepEqual(
      shape(evidence).map((sides) => sides.map(([value]) => value)),
      [["82", "80", "81"]],
    );
  });

  it("are not sought when the question asks for no value", () => {
    assert.deepEqual(
      detectContradictions("Why is the default port of the Acme gateway so odd?", [
        said("one.test", is(80)),
        said("two.test", is(81)),
      ]),
      [],
    );
  });

  it("weigh what the question's terms weigh", () => {
    const evidence = [
      said("one.test", "The port of the Acme gateway is 80 by default."),
      said("one.test", "The port of Acme is 81 by default.", { url: "https://one.test/other" }),
    ];
    const [acme = 0, gateway = 0] = termsOf("Acme gateway");
    const light = (term: number) => (term === gateway ? 0.1 : term === acme ? 5 : 1);
    assert.equal(detectContradictions(question, evidence).length, 0);
    assert.equal(detectContradictions(question, evidence, light).length, 1);
  });
});

async function decided(
  evidence: readonly Evidence[],
  options: Parameters<typeof resolveConflicts>[2] = {},
  asked = question,
) {
  const { conflicts, evidence: kept } = await resolveConflicts(asked, evidence, options);
  const [conflict] = conflicts;
  assert.ok(conflict);
  // Whatever is decided, each side is shown with its sources.
  assert.deepEqual(
    new Set(conflict.sides.flatMap((side) => side.evidence)),
    new Set(evidence.filter(({ quote }) => /\d/.test(quote))),
  );
  return { value: conflict.sides[conflict.resolved]?.value, by: conflict.by, kept };
}

describe("a contradiction's decision", () => {
  const old = said("old.test", is(80), { score: 0.9, publishedAt: "2019-05-01" });
  const recent = said("new.test", is(81), { score: 0.6, publishedAt: "2026-02-01T10:00:00Z" });
  const third = said("third.test", is(81), { score: 0.5 });
  it("is the likeliest source's among as many hosts", async () => {
    assert.deepEqual(await decided([old, recent]), { value: "80", by: "confidence", kept: [old] });
  });

  it("is the value of more hosts, unless confidence is preferred", async () => {
    assert.deepEqual(await decided([old, recent, third]), {
      value: "81",
      by: "majority",
      kept: [recent, third],
    });
    const { value, by } = await decided([old, recent, third], { prefer: "confidence" });
    assert.deepEqual([value, by], ["80", "confidence"]);
  });

  it("is the newest page's where the answer changes with time", async () => {
    const [before, now] = ["The latest version of Quill is 4.2.", "The latest version of Quill is 5.0."];
    const evidence = [
      said("a.test", before, { publishedAt: "2023-01-10", score: 0.9 }),
      said("b.test", before, { publishedAt: "2023-02-10", score: 0.9 }),
      said("c.test", now, { publishedAt: "2026-01-10", score: 0.6 }),
    ];
    const { value, by } = await decided(evidence, {}, "What is the latest version of Quill?");
    assert.deepEqual([value, by], ["5.0", "newer"]);
  });

  it("is freshness times confidence where not every side has a date", async () => {
    const evidence = [
      said("a.test", "The current price of Quill is $20.", { score: 0.7 }),
      said("b.test", "The current price of Quill is $25.", { score: 0.6, publishedAt: "2026-01-10" }),
    ];
    const { value, by } = await decided(evidence, {}, "What is the current price of Quill?");
    assert.deepEqual([value, by], ["$25", "confidence"]);
  });

  it("is the arbiter's where there is one that can tell", async () => {
    const asks: string[] = [];
    const arbitrate: Arbitrate = async ({ about, sides }) => {
      asks.push(about);
      return sides.findIndex(({ value }) => value === "81");
    };
    assert.deepEqual(await decided([old, recent], { arbitrate }), {
      value: "81",
      by: "arbitration",
      kept: [recent],
    });
    assert.deepEqual(asks, [question]);
  });

  it("is made by the rules when the arbiter cannot tell, fails or names no side", async () => {
    const arbiters: Arbitrate[] = [
      async () => undefined,
      async () => 7,
      async () => {
        throw new Error("no model");
      },
    ];
    for (const arbitrate of arbiters)
      assert.equal((await decided([old, recent], { arbitrate })).by, "confidence");
  });

  it("ends with the abort reason when that comes first", async () => {
    const abort = new AbortController();
    const arbitrate: Arbitrate = async () => {
      abort.abort("enough");
      throw new Error("cut");
    };
    const pending = resolveConflicts(question, [old, recent], { arbitrate }, abort.signal);
    await assert.rejects(pending, (reason) => reason === "enough");
  });

  it("leaves evidence that no side needs in its place", async () => {
    const beside = said("beside.test", "The Acme gateway can be bought in blue.");
    const { kept } = await decided([beside, old, recent]);
    assert.deepEqual(kept, [beside, old]);
  });
});
