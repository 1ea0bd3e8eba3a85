import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { silentLog } from "../../src/log.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { embedders, type EmbedderName } from "../../src/rag/embedders/index.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";

const options: Readonly<Record<EmbedderName, unknown>> = {
  "local-onnx": { threads: 1, isBackground: false },
  langchain: {
    module: new URL("../rag/fake-embeddings.ts", import.meta.url).href,
    className: "FakeEmbeddings",
    dimensions: 32,
    batchSize: 2,
  },
};

const made: [string, () => Promise<Embedder>][] = Object.entries(embedders).map(([name, create]) => [
  name,
  () => create({ log: silentLog }, options[name as EmbedderName]),
]);
made.push(["hashing", async () => new HashingEmbedder()]);

for (const [name, create] of made) {
  describe(`embedder contract: ${name}`, () => {
    let embedder: Embedder;
    before(async () => {
      embedder = await create();
    });
    after(() => embedder[Symbol.asyncDispose]());

    const texts = [
      "A cat sat on the mat.",
      "",
      "Stock markets fell sharply today.",
      "naïve café 東京 🦊\u0000",
    ];

    it("gives one row a text, in order, as long as it says, of length 1", async () => {
      const rows = await embedder.embed(texts);
      assert.equal(rows.length, texts.length);
      for (const row of rows) {
        assert.equal(row.length, embedder.dimensions);
        assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-5);
      }
    });

    it("gives a text the same row whatever comes with it", async () => {
      const together = await embedder.embed(texts);
      const alone = await Promise.all(texts.map((text) => embedder.embed([text])));
      assert.deepEqual(alone.flat(), together);
    });

    it("puts like texts nearer than unlike ones", async () => {
      const [cat, kitten, stock] = await embedder.embed([
        "A cat sat on the mat.",
        "The cat is sitting on a mat.",
        "Stock markets fell sharply today.",
      ]);
      assert.ok(dot(cat, kitten) > dot(cat, stock));
    });

    it("puts a question near its answer", async () => {
      const ask = (text: string) =>
        embedder.embedQuery?.(text) ?? embedder.embed([text]).then(([row]) => row);
      const question = await ask("Where sat the cat?");
      const [cat, stock] = await embedder.embed([
        "A cat sat on the mat.",
        "Stock markets fell sharply today.",
      ]);
      assert.ok(dot(question, cat) > dot(question, stock));
    });

    it("answers no texts with no rows", async () => {
      assert.deepEqual(await embedder.embed([]), []);
    });

    it("takes a text far over its length", async () => {
      const [row] = await embedder.embed(["word ".repeat(200_000)]);
      assert.equal(row?.length, embedder.dimensions);
    });

    it("hands an abort's reason back unchanged", async () => {
      const reason = new Error("enough");
      await assert.rejects(embedder.embed(texts, AbortSignal.abort(reason)), reason);
    });

    it("names itself and what it bears", () => {
      assert.ok(embedder.id.length > 0 && embedder.concurrency >= 1 && embedder.batchSize >= 1);
    });
  });
}

function dot(one: Float32Array | undefined, other: Float32Array | undefined): number {
  return (one ?? new Float32Array()).reduce((sum, value, index) => sum + value * (other?.[index] ?? 0), 0);
}
