import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { StoreError } from "../../src/errors.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";
import { onHost } from "../../src/rag/filter.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { SmallIndex, type SmallPage } from "./small-index.ts";

const pages: readonly SmallPage[] = [
  {
    url: "https://zoo.test/lions",
    title: "Lions",
    passages: [
      "Lions hunt zebras at night.",
      "A pride of lions has up to thirty members.",
      "Cubs are born blind.",
    ],
  },
  {
    url: "https://zoo.test/zebras",
    title: "Zebras",
    passages: ["Zebras graze on the plains.", "Each zebra has stripes of its own.", "Lions hunt zebras."],
  },
  {
    url: "https://farm.test/cows",
    title: "Cows",
    passages: ["Cows graze on meadows.", "A cow has four stomachs.", "Milk is sold daily."],
  },
];

const proven = () => new HashingEmbedder({ dimensions: 256, isProven: true });

function retriever(index: SmallIndex, embedder?: Embedder, options: Partial<RetrieveOptions> = {}) {
  return new Retriever(
    {
      store: index.store,
      embedder,
      clock: systemClock,
      keep: (vectors) => index.database.write(() => index.archive.putVectors(vectors)),
    },
    RetrieveOptions.parse(options),
  );
}

const textsOf = ({ hits }: { readonly hits: readonly { readonly chunk: { readonly text: string } }[] }) =>
  hits.map(({ chunk }) => chunk.text);

describe("the retriever", () => {
  it("finds passages by words alone without an embedder", async () => {
    using index = new SmallIndex(pages);
    const found = await retriever(index).retrieve("How many stomachs has a cow?", { limit: 3 });
    assert.equal(textsOf(found)[0], "A cow has four stomachs.");
    assert.deepEqual(found.notes, []);
    assert.equal(found.vector, undefined);
    assert.ok(found.lexicalShare > 0.2 && found.lexicalShare <= 1);
    assert.deepEqual(Object.keys(found.hits[0]?.retrievers ?? {}).sort(), ["chunk", "page"]);
  });

  for (const [what, fails] of [
    ["searches once more for a misspelt word, and says so", false],
    ["asks for a misspelt word as it stands where words cannot be looked up", true],
  ] as const) {
    it(what, async () => {
      using index = new SmallIndex(pages);
      let searches = 0;
      const { store } = index;
      const searchWords = store.searchWords.bind(store);
      const knownTerms = store.knownTerms.bind(store);
      Object.assign(store, {
        async searchWords(...given: Parameters<typeof searchWords>) {
          searches += 1;
          return await searchWords(...given);
        },
        async knownTerms(...given: Parameters<typeof knownTerms>) {
          if (fails) throw new StoreError("gone");
          return await knownTerms(...given);
        },
      });
      const asking = retriever(index);
      const found = await asking.retrieve("How many stomacsh has a cow?", { limit: 3 });
      assert.equal(searches, fails ? 1 : 2);
      const corrections = [{ written: "stomacsh", read: "stomachs", kind: "spelling" }];
      assert.deepEqual(found.corrections, fails ? undefined : corrections);
      assert.equal(found.query, `How many ${fails ? "stomacsh" : "stomachs"} has a cow?`);
      const note = 'Searched for "stomachs" in place of "stomacsh", which no page has.';
      assert.deepEqual(found.notes, fails ? [] : [note]);
      if (!fails) assert.equal(textsOf(found)[0], "A cow has four stomachs.");
    });
  }

  it("asks for a misspelt word as it stands, where that is wanted", async () => {
    using index = new SmallIndex(pages);
    const asking = retriever(index, undefined, { respelling: false });
    const found = await asking.retrieve("How many stomacsh has a cow?", { limit: 3 });
    assert.equal(found.corrections, undefined);
  });

  it("hands back why it was stopped while words were looked up", async () => {
    using index = new SmallIndex(pages);
    const stop = new AbortController();
    Object.assign(index.store, {
      async knownTerms() {
        stop.abort(new Error("enough"));
        return await Promise.resolve(new Set<number>());
      },
    });
    const asked = retriever(index).retrieve("How many stomacsh has a cow?", { limit: 3 }, stop.signal);
    await assert.rejects(asked, /enough/);
  });

  it("says where each hit stands with each retriever", async () => {
    const embedder = proven();
    using index = new SmallIndex(pages, embedder);
    await index.embed();
    const { hits, coverage } = await retriever(index, embedder).retrieve("cow stomachs", { limit: 2 });
    assert.equal(hits[0]?.retrievers.chunk?.rank, 1);
    assert.equal(hits[0].retrievers.page?.rank, 1);
    assert.equal(hits[0].retrievers.dense?.rank, 1);
    assert.ok((hits[0].retrievers.dense.score ?? 0) > 0.3);
    assert.equal(coverage, 1);
  });

  it("keeps to a host", async () => {
    using index = new SmallIndex(pages);
    const { hits } = await retriever(index).retrieve("graze", { limit: 9, filter: onHost("farm.test") });
    assert.ok(hits.length > 0 && hits.every(({ chunk }) => chunk.url.startsWith("https://farm.test")));
  });

  it("shows a repeated passage once", async () => {
    const copy = { url: "https://zoo.test/copy", title: "Copy", passages: ["Lions  hunt\nzebras."] };
    using index = new SmallIndex([...pages, copy]);
    const texts = textsOf(await retriever(index).retrieve("lions hunt zebras", { limit: 9 }));
    assert.equal(texts.filter((text) => /^Lions\s+hunt\s+zebras\.$/.test(text)).length, 1);
  });

  it("takes three passages of a page at most, unless there are too few others", async () => {
    const long = {
      url: "https://zoo.test/long",
      title: "Giraffes",
      passages: Array.from({ length: 8 }, (_, index) => `Giraffes eat leaf number ${index}.`),
    };
    const short = { url: "https://zoo.test/short", title: "Leaves", passages: ["What giraffes eat."] };
    using index = new SmallIndex([long, short]);
    const few = await retriever(index).retrieve("giraffes eat", { limit: 4 });
    assert.equal(few.hits.filter(({ chunk }) => chunk.url === long.url).length, 3);
    assert.equal((await retriever(index).retrieve("giraffes eat", { limit: 7 })).hits.length, 7);
  });

  it("finds a page's best passage when only the page as a whole has the words", async () => {
    using index = new SmallIndex(pages);
    const { hits } = await retriever(index, undefined, { listDepth: 10 }).retrieve("zebra", { limit: 9 });
    assert.ok(hits.some(({ chunk }) => chunk.title === "Lions"));
  });

  it("gives nothing, and no error, for words that no page has and for no words at all", async () => {
    using index = new SmallIndex(pages);
    for (const query of ["xylophone", "the of and", "", '\u0000 ??? " OR *']) {
      const found = await retriever(index).retrieve(query, { limit: 5 });
      assert.deepEqual(found.hits, []);
      assert.equal(found.lexicalShare, 0);
    }
  });

  it("lets vectors in for less where the embedder was checked on another script, and says so", async () => {
    const embedder = Object.assign(proven(), { isProvenOn: (text: string) => !/\p{Script=Han}/u.test(text) });
    using index = new SmallIndex(
      [...pages, { url: "https://zoo.test/ja", title: "獅子", passages: ["獅子は夜に狩りをする。"] }],
      embedder,
    );
    await index.embed();
    const ask = (query: string, options: Partial<RetrieveOptions> = {}) =>
      retriever(index, embedder, options).retrieve(query, { limit: 9 });
    const [unchecked, cautious] = [await ask("獅子は狩り"), await ask("獅子は狩り", { fusion: "acf" })];
    assert.match(unchecked.notes.join(), /not checked on text in this script/);
    assert.deepEqual(unchecked.hits, cautious.hits);
    assert.deepEqual((await ask("lions hunt")).notes, []);
    assert.deepEqual((await ask("lions hunt")).hits, (await ask("lions hunt", { fusion: "dbsf" })).hits);
  });

  it("gives BM25's order when no passage has a vector and there is no time to make any", async () => {
    const embedder = proven();
    using index = new SmallIndex(pages, embedder);
    const withEmbedder = await retriever(index, embedder, { embedBudgetMs: 0 }).retrieve("lions zebras", {
      limit: 9,
    });
    const without = await retriever(index).retrieve("lions zebras", { limit: 9 });
    assert.deepEqual(textsOf(withEmbedder), textsOf(without));
    assert.ok(without.hits.length >= 4);
  });

  it("embeds the best passages without a vector at query time, and keeps the vectors", async () => {
    const embedder = proven();
    using index = new SmallIndex(pages, embedder);
    const found = await retriever(index, embedder, { embedCandidates: 2 }).retrieve("lions hunt zebras", {
      limit: 9,
    });
    assert.equal(found.hits.filter(({ retrievers }) => retrievers.dense).length, 2);
    assert.equal(index.archive.stats().embedded, 2);
  });

  it("embeds without keeping where the store is read-only", async () => {
    const embedder = proven();
    using index = new SmallIndex(pages, embedder);
    const reader = new Retriever(
      { store: index.store, embedder, clock: systemClock },
      RetrieveOptions.parse({}),
    );
    const found = await reader.retrieve("lions hunt zebras", { limit: 9 });
    assert.ok(found.hits.some(({ retrievers }) => retrievers.dense));
    assert.equal(index.archive.stats().embedded, 0);
  });

  it("lets words answer when the embedder fails, and says so", async () => {
    const embedder = proven();
    embedder.embed = () => Promise.reject(new Error("thread died"));
    using index = new SmallIndex(pages, embedder);
    const found = await retriever(index, embedder).retrieve("cow stomachs", { limit: 3 });
    assert.equal(textsOf(found)[0], "A cow has four stomachs.");
    assert.deepEqual(found.notes, ["thread died"]);
  });

  it("lets words answer when the embedder is late, and says so", async () => {
    const embedder = proven();
    embedder.embed = () => new Promise(() => {});
    using index = new SmallIndex(pages, embedder);
    const found = await retriever(index, embedder, { denseTimeoutMs: 30 }).retrieve("cow stomachs", {
      limit: 3,
    });
    assert.match(found.notes[0] ?? "", /longer than 30 ms/);
    assert.equal(textsOf(found)[0], "A cow has four stomachs.");
  });

  it("stops embedding passages when their budget ends", async () => {
    const embedder = proven();
    const embed = embedder.embed.bind(embedder);
    embedder.embed = (texts, signal) =>
      texts.length === 1 && texts[0] === "cow stomachs" ? embed(texts, signal) : new Promise(() => {});
    using index = new SmallIndex(pages, embedder);
    const found = await retriever(index, embedder).retrieve("cow stomachs", { limit: 3, budgetMs: 20 });
    assert.equal(textsOf(found)[0], "A cow has four stomachs.");
    assert.ok(found.vector);
  });

  it("lets an unproven embedder never put first what no word of the question is in", async () => {
    const embedder = new HashingEmbedder({ dimensions: 256 });
    using index = new SmallIndex(pages, embedder);
    const vectors = await embedder.embed(["cow stomachs", "something else"]);
    const jobs = index.archive.embeddingBacklog({ limit: 100, onlyLead: false });
    index.database.writeNow(() =>
      index.archive.putVectors(
        jobs.map(({ hash }) => ({ hash, vector: vectors[hash.includes("Milk") ? 0 : 1] as Float32Array })),
      ),
    );
    const cautious = await retriever(index, embedder).retrieve("cow stomachs", { limit: 9 });
    assert.equal(textsOf(cautious)[0], "A cow has four stomachs.");
    const trusting = await retriever(index, embedder, { denseWeight: 0.9 }).retrieve("cow stomachs", {
      limit: 9,
    });
    assert.equal(textsOf(trusting)[0], "Milk is sold daily.");
  });

  it("gives the same result for the same question, with confidences between 0 and 1", async () => {
    const embedder = proven();
    using index = new SmallIndex(pages, embedder);
    await index.embed();
    const ask = () => retriever(index, embedder).retrieve("who hunts zebras", { limit: 9 });
    const found = await ask();
    assert.deepEqual(await ask(), found);
    assert.ok(found.hits.every(({ confidence }) => confidence >= 0 && confidence <= 1));
  });

  it("hands an abort's reason back unchanged, at once", async () => {
    const embedder = proven();
    embedder.embed = () => new Promise(() => {});
    using index = new SmallIndex(pages, embedder);
    const reason = new Error("enough");
    const controller = new AbortController();
    const work = retriever(index, embedder).retrieve("cow", { limit: 3 }, controller.signal);
    controller.abort(reason);
    await assert.rejects(work, reason);
  });
});
