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

  it("refuses vectors of another length than it was told", async () => {
    await using embedder = await make({ dimensions: 5 });
    await assert.rejects(embedder.embed(["text"]), /vectors of 32 numbers where dimensions says 5/);
  });
});
