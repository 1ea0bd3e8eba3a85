import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Document, type DocumentInterface } from "@langchain/core/documents";
import { FakeEmbeddings as ConstantEmbeddings } from "@langchain/core/utils/testing";
import { MissingError, OptionsError, createForager } from "../../src/index.ts";
import { ForagerEmbeddings, type ForagerIndex, ForagerVectorStore } from "../../src/langchain/index.ts";
import { temporaryFolder } from "../cli/run-forager.ts";
import { HashingEmbedder } from "../../src/testing.ts";
import { FakeEmbeddings } from "../rag/fake-embeddings.ts";
import { seaPages } from "./open-forager.ts";
import { openIndex } from "./open-index.ts";

const texts = (documents: readonly DocumentInterface[]) => documents.map(({ pageContent }) => pageContent);
const storeOf = (forager: ForagerIndex) =>
  new ForagerVectorStore(new ForagerEmbeddings({ embedder: new HashingEmbedder() }), { forager });
const axis = (at: number) => Array.from({ length: 64 }, (_, i) => (i === at ? 5 : 0));
/** A direction so many degrees from the first axis. */
const turned = (degrees: number) => {
  const angle = (degrees * Math.PI) / 180;
  return Array.from({ length: 64 }, (_, i) => (i === 0 ? Math.cos(angle) : i === 1 ? Math.sin(angle) : 0));
};
const notes = [
  new Document({ id: "1", pageContent: " The tide turns at noon. ", metadata: { source: "log", page: 3 } }),
  new Document({ pageContent: "Geese fly south in autumn.", metadata: { title: "Birds" } }),
];

describe("the LangChain vector store", () => {
  it("gives a document that was added back with its id, text and metadata", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.index);
    const ids = await store.addDocuments(notes);
    assert.equal(ids[0], "1");
    const [found] = await store.similaritySearch("tide noon", 1);
    assert.equal(found?.id, "1");
    assert.equal(found?.pageContent, notes[0]?.pageContent.trim());
    const { source, page, url } = found?.metadata ?? {};
    assert.deepEqual([source, page, url], ["log", 3, "document:1"]);
    const [bird] = await store.similaritySearch("geese", 1);
    assert.equal(bird?.id, ids[1]);
    assert.equal(bird?.metadata["title"], "Birds");
  });

  it("keeps a long document whole, as other vector stores do", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.index);
    const pageContent = Array.from({ length: 200 }, (_, i) => `Line ${i} of the log.`).join("\n\n");
    await store.addDocuments([new Document({ pageContent })]);
    assert.deepEqual(texts(await store.similaritySearch("log", 5)), [pageContent]);
  });

  it("doubles nothing when the same is added again, and replaces what has the same id", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.index);
    await store.addDocuments(notes);
    await store.addDocuments(notes);
    await store.addDocuments([new Document({ pageContent: "The tide never turns." })], { ids: ["1"] });
    assert.deepEqual(texts(await store.similaritySearch("tide turns", 9)).sort(), [
      "Geese fly south in autumn.",
      "The tide never turns.",
    ]);
  });

  it("deletes by id, and says no to what it would not delete", async () => {
    await using opened = await openIndex();
    const { forager } = opened;
    const store = storeOf(opened.index);
    const [id = ""] = await store.addDocuments(notes);
    await forager.add(seaPages);
    await store.delete({ ids: [id] });
    const [passage] = await store.similaritySearch("tide noon", 1);
    assert.equal(passage?.metadata["url"], seaPages[0]?.url);
    await assert.rejects(store.delete({ ids: [passage?.id ?? ""] }), /passage of a crawled page/);
    await assert.rejects(store.delete({} as { ids: string[] }), OptionsError);
  });

  it("searches by a vector with cosine as its score", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.index);
    await store.addDocuments(notes);
    const vector = await store.embeddings.embedQuery("Geese fly south in autumn.");
    const found = await store.similaritySearchVectorWithScore(vector, 2);
    assert.equal(found[0]?.[0].pageContent, "Geese fly south in autumn.");
    assert.ok((found[0]?.[1] ?? 0) <= 1.001 && (found[0]?.[1] ?? 0) > (found[1]?.[1] ?? 1));
  });

  it("takes vectors that were made before, of any length, as directions", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.index);
    await store.addVectors([axis(1), axis(2)], notes, { ids: ["one", "two"] });
    const [[found, score] = []] = await store.similaritySearchVectorWithScore(
      turned(0).with(0, 0).with(2, 1),
      1,
    );
    assert.equal(found?.id, "two");
    assert.ok(Math.abs((score ?? 0) - 1) < 1e-5);
    assert.throws(() => store.addVectors([axis(1)], notes), /1 vectors for 2 documents/);
  });

  it("takes lambda as LangChain means it: 1 is relevance alone, 0 difference alone", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.index);
    const names = ["near", "nearly the same", "far"];
    await store.addVectors(
      [turned(5), turned(7), turned(-70)],
      names.map((pageContent) => new Document({ pageContent })),
    );
    store.embeddings.embedQuery = () => Promise.resolve(turned(0));
    const pick = async (lambda: number) =>
      texts(await store.maxMarginalRelevanceSearch("x", { k: 2, fetchK: 3, lambda }));
    assert.deepEqual(await pick(1), ["near", "nearly the same"]);
    assert.deepEqual(await pick(0), ["near", "far"]);
    const retriever = store.asRetriever({ searchType: "mmr", k: 2, searchKwargs: { lambda: 0 } });
    assert.deepEqual(texts(await retriever.invoke("x")), ["near", "far"]);
  });

  it("keeps to a filter, and refuses one that it does not understand", async () => {
    await using opened = await openIndex();
    await opened.forager.add(seaPages);
    const store = storeOf(opened.index);
    const filter = { field: "url", anyOf: ["https://land.example/geese"] } as const;
    assert.deepEqual(texts(await store.asRetriever({ k: 3, filter }).invoke("tide")), [seaPages[2]?.text]);
    const foreign = { source: "log" } as unknown as typeof filter;
    await assert.rejects(store.similaritySearch("tide", 3, foreign), OptionsError);
    await assert.rejects(store.maxMarginalRelevanceSearch("tide", { k: 1, filter: foreign }), OptionsError);
  });

  it("is made from texts with LangChain's own embeddings, and opened again", async () => {
    await using folder = await temporaryFolder();
    const config = { dataDir: folder.path, embedderId: "fake/32" };
    const metadatas = [{ n: 1 }, { n: 2 }];
    const embeddings = new FakeEmbeddings();
    {
      await using store = await ForagerVectorStore.fromTexts(["red", "blue"], metadatas, embeddings, config);
      assert.equal((await store.similaritySearch("blue", 1))[0]?.pageContent, "blue");
    }
    const asked = embeddings.batches.length;
    await using again = await ForagerVectorStore.fromExistingIndex(embeddings, config);
    const [found] = await again.similaritySearch("red", 1);
    assert.equal(found?.pageContent, "red");
    // One to learn the length of a vector, one for the question: the texts had theirs.
    assert.equal(embeddings.batches.length, asked + 2);
  });

  it("refuses embeddings of another length under the same name", async () => {
    await using folder = await temporaryFolder();
    const config = { dataDir: folder.path, embedderId: "mine" };
    await (await ForagerVectorStore.fromTexts(["red"], {}, new FakeEmbeddings(), config)).close();
    const other = ForagerVectorStore.fromTexts(["blue"], {}, new ConstantEmbeddings(), config);
    await assert.rejects(other, /vectors of mine with 32 numbers, this one gives 4/);
  });

  it("leaves a forager open that it was handed", async () => {
    await using folder = await temporaryFolder();
    await using forager = createForager({ dataDir: folder.path, embedder: "none" });
    const store = new ForagerVectorStore(new FakeEmbeddings(), { forager });
    await store.addDocuments(notes);
    await store.close();
    assert.equal((await forager.search("tide")).hits.length, 1);
  });

  it("makes use of all that a Forager can do", async () => {
    await using opened = await openIndex();
    const store = storeOf(opened.forager);
    await store.addDocuments(notes);
    const vector = await store.embeddings.embedQuery("Geese fly south in autumn.");
    const [[found] = []] = await store.similaritySearchVectorWithScore(vector, 1);
    assert.equal(found?.metadata["title"], "Birds");
    assert.equal((await store.similaritySearch("tide noon", 1))[0]?.metadata["page"], 3);
    await assert.rejects(store.similaritySearchVectorWithScore([1, 2], 1), /2 numbers where hashing/);
  });

  it("says so where the index cannot be searched by a vector", async () => {
    const words: ForagerIndex = {
      search: async (query) => ({ query, hits: [], notes: [] }),
      add: () => Promise.reject(new Error("not added")),
      remove: async () => 0,
    };
    await assert.rejects(
      storeOf(words).similaritySearchVectorWithScore([1], 1),
      (error) => error instanceof MissingError && /similaritySearch/.test(error.message),
    );
  });
});
