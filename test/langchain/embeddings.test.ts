import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { OptionsError } from "../../src/index.ts";
import { ForagerEmbeddings, fromLangChainEmbeddings } from "../../src/langchain/index.ts";
import { HashingEmbedder } from "../../src/testing.ts";
import { FakeEmbeddings } from "../rag/fake-embeddings.ts";
import { openForager, seaPages } from "./open-forager.ts";

describe("LangChain embeddings as Forager's embedder", () => {
  it("find the length of their vectors out, and search an index", async () => {
    const embeddings = new FakeEmbeddings();
    const embedder = await fromLangChainEmbeddings(embeddings, { id: "fake", batchSize: 2 });
    assert.deepEqual([embedder.id, embedder.dimensions, embedder.batchSize], ["fake", 32, 2]);
    await using opened = await openForager({ embedder });
    const { embedded } = await opened.forager.add(seaPages);
    assert.equal(embedded, 3);
    const { hits } = await opened.forager.search("flat boat for fishing");
    assert.equal(hits[0]?.retrievers["dense"]?.rank, 1);
  });

  it("are not called before they are needed when their length is given", async () => {
    const embeddings = new FakeEmbeddings();
    await fromLangChainEmbeddings(embeddings, { id: "fake", dimensions: 32 });
    assert.deepEqual(embeddings.batches, []);
  });

  it("refuse options that make no sense", async () => {
    const made = fromLangChainEmbeddings(new FakeEmbeddings(), { id: "fake", batchSize: 0 });
    await assert.rejects(made, OptionsError);
  });
});

describe("Forager's embedder as LangChain embeddings", () => {
  it("gives the embedder's own vectors", async () => {
    const embeddings = new ForagerEmbeddings({ embedder: new HashingEmbedder() });
    const [expected = new Float32Array()] = await new HashingEmbedder().embed(["a boat"]);
    assert.deepEqual(await embeddings.embedDocuments(["a boat"]), [Array.from(expected)]);
    assert.deepEqual(await embeddings.embedQuery("a boat"), Array.from(expected));
  });

  it("asks an embedder that tells questions from passages for a question", async () => {
    class Telling extends HashingEmbedder {
      embedQuery = async () => Float32Array.of(0, 1);
    }
    assert.deepEqual(await new ForagerEmbeddings({ embedder: new Telling() }).embedQuery("x"), [0, 1]);
  });
});
