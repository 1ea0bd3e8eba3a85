import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MissingError, OptionsError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { embedders } from "../../src/rag/embedders/index.ts";
import { LangChainEmbedder } from "../../src/rag/embedders/langchain.ts";
import { FakeEmbeddings } from "./fake-embeddings.ts";

const module = new URL("./fake-embeddings.ts", import.meta.url).href;
const make = (options: object) =>
  embedders.langchain(
    { log: silentLog },
    { module, className: "FakeEmbeddings", dimensions: 32, ...options },
  );

describe("the LangChain embedder", () => {
  it("asks for no more texts at once than its batch size", async () => {
    const embeddings = new FakeEmbeddings();
    await using embedder = new LangChainEmbedder(
      { embeddings },
      { id: "fake", dimensions: 32, maxTokens: 10, batchSize: 3, concurrency: 2 },
    );
    await embedder.embed(Array.from({ length: 8 }, (_, index) => `text ${index}`));
    assert.deepEqual(embeddings.batches, [3, 3, 2]);
  });

  it("is called by package, class and model", async () => {
    await using embedder = await make({ settings: { model: "tiny" } });
    assert.equal(embedder.id, `${module}/FakeEmbeddings/tiny`);
  });

  it("says what to install when the package is missing", async () => {
    await assert.rejects(make({ module: "no-such-embeddings" }), (error) => {
      return error instanceof MissingError && /npm install no-such-embeddings/.test(error.message);
    });
  });

  const bad: [string, object, RegExp][] = [
    ["a class the package lacks", { className: "Nothing" }, /no class Nothing/],
    ["settings the class refuses", { settings: { refuse: true } }, /no key/],
    [
      "a class that embeds nothing",
      { module: "node:events", className: "EventEmitter" },
      /no LangChain embeddings/,
    ],
    ["options of another shape", { dimension: 3 }, /dimension/],
  ];
  for (const [name, options, message] of bad) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(
        async () => make(options),
        (error) => error instanceof OptionsError && message.test(error.message),
      );
    });
  }

  const wrong: [string, () => Promise<number[][]>, RegExp][] = [
    ["fewer vectors than texts", async () => [[1, 0]], /odd gave 1 vectors for 2 texts/],
    [
      "numbers that are not finite",
      async () => [
        [1, 0],
        [Number.NaN, 1],
      ],
      /odd gave .* not finite/,
    ],
    ["a failure", () => Promise.reject(new Error("401 bad key")), /odd gave no vectors: 401 bad key/],
  ];
  for (const [name, embedDocuments, message] of wrong) {
    it(`names the embeddings that give ${name}`, async () => {
      await using embedder = new LangChainEmbedder(
        { embeddings: { embedDocuments, embedQuery: async () => [] } },
        { id: "odd", dimensions: 2, maxTokens: 10, batchSize: 4, concurrency: 1 },
      );
      await assert.rejects(embedder.embed(["a", "b"]), message);
    });
  }

  it("refuses vectors of another length than it was told", async () => {
    await using embedder = await make({ dimensions: 5 });
    await assert.rejects(embedder.embed(["text"]), /vectors of 32 numbers where dimensions says 5/);
  });
});
