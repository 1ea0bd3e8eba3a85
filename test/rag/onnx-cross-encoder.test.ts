import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Tokenizer } from "@huggingface/tokenizers";
import { ForagerError, MissingError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { shippedModelFolder } from "../../src/rag/embedders/local-onnx-model.ts";
import { createOnnxCrossEncoder } from "../../src/rag/rerankers/onnx-cross-encoder.ts";

/** A field of a protocol buffer: a number, or bytes. @see https://protobuf.dev/programming-guides/encoding/ */
function field(number: number, value: number | string | Buffer): Buffer {
  if (typeof value === "number") return Buffer.concat([varint(number << 3), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}

const node = (op: string, inputs: readonly string[], output: string, ...attributes: readonly Buffer[]) =>
  field(
    1,
    Buffer.concat([
      ...inputs.map((name) => field(1, name)),
      field(2, output),
      field(4, op),
      ...attributes.map((attribute) => field(5, attribute)),
    ]),
  );
/** An attribute that is a whole number. */
const integer = (name: string, value: number) =>
  Buffer.concat([field(1, name), field(3, value), field(20, 2)]);
/** A matrix of one row; element types: 1 float, 7 int64. */
const matrix = (name: string, elementType: number, columns: Buffer) => {
  const shape = Buffer.concat([field(1, field(1, 1)), field(1, columns)]);
  return Buffer.concat([
    field(1, name),
    field(2, field(1, Buffer.concat([field(1, elementType), field(2, shape)]))),
  ]);
};

/** A model whose logit is the sum of the passage's token ids over 1,000: ids times types, summed. @see onnx/onnx.proto */
function passageSumModel(): Buffer {
  const inputs = ["input_ids", "attention_mask", "token_type_ids"];
  const graph = Buffer.concat([
    node("Mul", ["input_ids", "token_type_ids"], "passage"),
    // The mask is an input like any other: it must be fed, and is all ones.
    node("Mul", ["passage", "attention_mask"], "masked"),
    node("Cast", ["masked"], "numbers", integer("to", 1)),
    node("ReduceSum", ["numbers"], "logits", integer("keepdims", 1)),
    field(2, "passage-sum"),
    ...inputs.map((name) => field(11, matrix(name, 7, field(2, "tokens")))),
    field(12, matrix("logits", 1, field(1, 1))),
  ]);
  const opset = Buffer.concat([field(1, ""), field(2, 13)]);
  return Buffer.concat([field(1, 8), field(7, graph), field(8, opset)]);
}

describe("a cross-encoder in ONNX", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "forager-reranker-"));
    await mkdir(join(folder, "onnx"));
    for (const name of ["tokenizer.json", "tokenizer_config.json"])
      await cp(join(shippedModelFolder, name), join(folder, name));
    await writeFile(join(folder, "onnx/model.onnx"), passageSumModel());
  });
  after(() => rm(folder, { recursive: true }));

  const open = () => createOnnxCrossEncoder({ log: silentLog }, { modelFolder: folder, threads: 1 });

  it("reads query and passage together, each passage for itself, in their order", async () => {
    const [tokenizer, config] = await Promise.all(
      ["tokenizer.json", "tokenizer_config.json"].map(
        async (name) => JSON.parse(await readFile(join(folder, name), "utf8")) as object,
      ),
    );
    const pieces = new Tokenizer(tokenizer ?? {}, config ?? {});
    // The passage's pieces and the [SEP] after them, without [CLS].
    const sumOf = (text: string) =>
      pieces
        .encode(text)
        .ids.slice(1)
        .reduce((sum: number, id: number) => sum + id, 0);
    const texts = ["Boats on the river", "the bank", "a", "b", "Something else entirely"];
    await using reranker = await open();
    assert.deepEqual(await reranker.score("What floats?", texts), texts.map(sumOf));
    assert.deepEqual(await reranker.score("What floats?", []), []);
    assert.match(reranker.id, /^forager-reranker-.*\/[0-9a-f]{12}$/);
  });

  it("cuts a long passage to what the model takes", async () => {
    await using reranker = await open();
    const [cut, longer] = await reranker.score("q", ["river ".repeat(2_000), "river ".repeat(4_000)]);
    assert.ok(cut !== undefined && cut > 0);
    assert.equal(cut, longer);
  });

  it("hands an abort's reason back, and refuses once it is closed", async () => {
    const reranker = await open();
    const reason = new Error("enough");
    await assert.rejects(reranker.score("q", ["a"], AbortSignal.abort(reason)), (error) => error === reason);
    await reranker[Symbol.asyncDispose]();
    await assert.rejects(
      reranker.score("q", ["a"]),
      (error) => error instanceof ForagerError && error.code === "closed",
    );
  });

  it("says what is missing in a folder, and what is wrong with a model that cannot be run", async () => {
    await assert.rejects(
      createOnnxCrossEncoder({ log: silentLog }, { modelFolder: join(folder, "nothing"), threads: 1 }),
      (error) => error instanceof MissingError && /It takes tokenizer.json/.test(error.message),
    );
    const weights = join(folder, "onnx/model_quantized.onnx");
    await writeFile(weights, "no model");
    try {
      await using reranker = await open();
      await assert.rejects(reranker.score("q", ["a"]), MissingError);
    } finally {
      await rm(weights);
    }
  });
});
