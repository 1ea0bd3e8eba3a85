import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { ForagerError, MissingError } from "../../src/errors.ts";
import { createLog, silentLog } from "../../src/log.ts";
import { createLocalOnnxEmbedder } from "../../src/rag/embedders/local-onnx.ts";
import { modelFileName, shippedModelFolder, verifyModel } from "../../src/rag/embedders/local-onnx-model.ts";
import { LocalOnnxOptions } from "../../src/rag/embedders/local-onnx-options.ts";

const long = "The quick brown fox jumps over the lazy dog while the band plays on. ".repeat(16);

function local(options: Partial<LocalOnnxOptions> = {}) {
  return createLocalOnnxEmbedder(
    { log: silentLog },
    LocalOnnxOptions.parse({ threads: 1, isBackground: false, ...options }),
  );
}

/** A folder with the shipped model's files, by link, except those written by the test. */
async function linkedModel(folder: string): Promise<void> {
  await cp(shippedModelFolder, folder, { recursive: true, filter: (path) => !path.includes("/onnx/") });
  await symlink(
    join(shippedModelFolder, "onnx/model_quantized.onnx"),
    join(folder, "onnx/model_quantized.onnx"),
  );
}

describe("the local embedder", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "forager-model-"));
  });
  after(() => rm(folder, { recursive: true }));

  it("is proven once its first texts agreed with the reference vectors", async () => {
    await using embedder = await local();
    assert.equal(embedder.isProven, false);
    assert.equal(embedder.isProvenOn("hello"), false);
    await embedder.embed(["hello"]);
    assert.equal(embedder.isProven, true);
    // Its reference texts are English.
    const proven = [
      "hello",
      "Wie groß ist das Mühlrad?",
      "42",
      "วัดป่าบัวทอง",
      "灯台の高さ",
      "Какой высоты маяк?",
    ].map((text) => embedder.isProvenOn(text));
    assert.deepEqual(proven, [true, true, true, false, false, false]);
  });

  it("gives the word pieces of a text in parts, each in the light of the whole", async () => {
    await using embedder = await local();
    const parts = ["Boats on the river", "pass the bank.", ""];
    const [inText, alone, cut] = await embedder.embedTokens([parts, ["pass the bank."], [long, long]]);
    assert.ok(inText && alone && cut);
    // "pass", "the", "bank", "." after the four words before them; an empty part has none.
    assert.deepEqual(inText.ends, [4, 8, 8]);
    assert.deepEqual(alone.ends, [4]);
    assert.equal(inText.rows.length, 8 * embedder.dimensions);
    const bank = (rows: Float32Array, at: number) =>
      rows.slice(at * embedder.dimensions, (at + 1) * embedder.dimensions);
    const [one, other] = [bank(inText.rows, 6), bank(alone.rows, 2)];
    const cosine = one.reduce((sum, value, column) => sum + value * (other[column] ?? 0), 0);
    assert.ok(cosine > 0.3 && cosine < 0.95, `the same word elsewhere: ${cosine}`);
    assert.ok(Math.abs(Math.hypot(...one) - 1) < 1e-5);
    const room = embedder.maxTokens - 2;
    assert.deepEqual(cut.ends.at(-1), room);
    assert.equal(cut.rows.length, room * embedder.dimensions);
  });

  it("tells words that it knows from slips of the keys, and knows none by a tokenizer of another kind", async () => {
    await using embedder = await local();
    assert.deepEqual(
      await Promise.all(
        ["pointer", "recipe", "configuraton", "##ing2"].map((word) => embedder.knowsWord(word)),
      ),
      [true, true, false, false],
    );
    const folder = await mkdtemp(join(tmpdir(), "forager-model-"));
    try {
      await linkedModel(folder);
      await writeFile(
        join(folder, "tokenizer.json"),
        JSON.stringify({ model: { type: "Unigram", vocab: [["pointer", -1]] } }),
      );
      await using other = await local({ modelFolder: folder });
      assert.equal(await other.knowsWord("pointer"), false);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("is not proven, and says so, when the reference vectors are others", async () => {
    const model = join(folder, "other");
    await linkedModel(model);
    await writeFile(
      join(model, "reference.json"),
      JSON.stringify([{ text: "hello", vector: Array.from({ length: 384 }, () => 0.05) }]),
    );
    const lines: string[] = [];
    const log = createLog("warn", (line) => lines.push(line));
    await using embedder = await createLocalOnnxEmbedder(
      { log },
      { modelFolder: model, threads: 1, isBackground: false },
    );
    await embedder.embed(["hello"]);
    assert.equal(embedder.isProven, false);
    assert.match(lines.join("\n"), /does not give its reference vectors/);
  });

  it("reads 256 word pieces and not one more", async () => {
    await using embedder = await local();
    const words = "word ".repeat(254);
    const [whole, over, under] = await embedder.embed([words, `${words}tail`, "word ".repeat(253)]);
    assert.deepEqual(whole, over);
    assert.notDeepEqual(whole, under);
  });

  it(
    "gives its threads the lowest priority when asked to yield, not before, and the main thread keeps its own",
    { skip: process.platform !== "linux" },
    async () => {
      const before = await priorities();
      await using embedder = await local({ threads: 2, isBackground: true });
      const lowest = async () => {
        await embedder.embed(Array.from({ length: 24 }, () => "short"));
        const added = [...(await priorities())].filter(([task]) => !before.has(task));
        return added.filter(([, nice]) => nice === 19).length;
      };
      assert.equal(await lowest(), 0);
      embedder.yieldProcessor();
      assert.ok((await lowest()) > 0);
      assert.equal((await priorities()).get(String(process.pid)), before.get(String(process.pid)));
    },
  );

  it("ends a wait at once when aborted, and goes on working", async () => {
    await using embedder = await local();
    await embedder.embed(["warm"]);
    const controller = new AbortController();
    const work = embedder.embed(
      Array.from({ length: 200 }, () => long),
      controller.signal,
    );
    const told: string[] = [];
    const refused = assert.rejects(work, /enough/).then(() => told.push("refused"));
    controller.abort(new Error("enough"));
    await nextTurn();
    told.push("next turn");
    await refused;
    assert.deepEqual(told, ["refused", "next turn"]);
    assert.equal((await embedder.embed(["again"])).length, 1);
  });

  it("serves a question before the texts that wait", async () => {
    await using embedder = await local();
    await embedder.embed(["warm"]);
    let isBacklogDone = false;
    const backlog = embedder.embed(Array.from({ length: 16 }, () => long)).then(() => (isBacklogDone = true));
    await embedder.embedQuery("who?");
    assert.equal(isBacklogDone, false);
    await backlog;
  });

  it("can be closed at any moment, with one error for what it leaves undone", async () => {
    for (const waitMs of [0, 40, 120, 260]) {
      const embedder = await local();
      const texts = Array.from({ length: 60 }, () => long);
      // However fast they are made, there is something left undone.
      const work = async (): Promise<never> => {
        for (;;) await embedder.embed(texts);
      };
      const refused = assert.rejects(
        work(),
        (error) => error instanceof ForagerError && error.code === "closed",
      );
      await delay(waitMs);
      await embedder[Symbol.asyncDispose]();
      await refused;
    }
  });

  it("lets the process leave with its own exit code while texts are under way", async () => {
    const program = `
      import { createLocalOnnxEmbedder } from ${JSON.stringify(new URL("../../src/rag/embedders/local-onnx.ts", import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const embedder = await createLocalOnnxEmbedder({ log }, { modelFolder: "", threads: 2, isBackground: false });
      await embedder.embed(["warm"]);
      void embedder.embed(Array.from({ length: 60 }, () => "text ".repeat(200)));
      setTimeout(() => process.exit(7), 60);`;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
    await assert.rejects(run, (error: { code?: number }) => error.code === 7);
  });

  it("says how to install the runtime so that npm does not leave it out again", async () => {
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ resolve(name, context, next) {
        if (name === "onnxruntime-node") throw new Error("Cannot find package");
        return next(name, context);
      } });`;
    const program = `
      import { createLocalOnnxEmbedder } from ${JSON.stringify(new URL("../../src/rag/embedders/local-onnx.ts", import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      await using embedder = await createLocalOnnxEmbedder({ log }, { modelFolder: "", threads: 1, isBackground: false });
      await embedder.embed(["hello"]).catch((error) => console.log(error.code, error.message));`;
    const file = join(folder, "without-runtime.mjs");
    await writeFile(file, program);
    const preload = `data:text/javascript,${encodeURIComponent(hook)}`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", preload, file]);
    assert.match(stdout, /^missing onnxruntime-node.*`npm install --ignore-scripts onnxruntime-node`/);
  });

  it("names the folder and the remedy when there is no model", async () => {
    await assert.rejects(
      local({ modelFolder: join(folder, "none") }),
      (error) =>
        error instanceof MissingError && /none/.test(error.message) && /--embed off/.test(error.message),
    );
  });

  it("names the remedy when the weights cannot be run", async () => {
    const model = join(folder, "broken");
    await linkedModel(model);
    await rm(join(model, "onnx/model_quantized.onnx"));
    await writeFile(join(model, "onnx/model_quantized.onnx"), "not a model");
    await using embedder = await local({ modelFolder: model });
    await assert.rejects(
      embedder.embed(["hello"]),
      (error) => error instanceof MissingError && /doctor/.test(error.message),
    );
    assert.deepEqual(
      (await verifyModel(model)).filter(({ state }) => state !== "ok"),
      [{ file: "onnx/model_quantized.onnx", state: "changed" }],
    );
  });

  it("makes no vector with weights that were changed where its reference texts do not reach, and says what to do", async () => {
    const model = join(folder, "changed");
    await linkedModel(model);
    const weights = await readFile(join(shippedModelFolder, modelFileName));
    weights.fill(0xa5, 1_000_000, 1_004_096); // vectors of rare words
    await rm(join(model, modelFileName));
    await writeFile(join(model, modelFileName), weights);
    await using embedder = await local({ modelFolder: model });
    await assert.rejects(embedder.embed(["hello"]), saysToRestore);
    await assert.rejects(embedder.embedQuery("hello"), saysToRestore);
    await assert.rejects(embedder.embedTokens([["hello"]]), saysToRestore);
    assert.equal(embedder.isProven, false);
  });

  it("hands out no vector that is no numbers, where no checksums tell that the weights were changed", async () => {
    const model = join(folder, "no-numbers");
    await linkedModel(model);
    await rm(join(model, "SHA256SUMS"));
    const weights = await readFile(join(shippedModelFolder, modelFileName));
    const name = weights.lastIndexOf("output.dense.weight.T_scale"); // its 384 numbers stand before it
    weights.fill(0xff, name - 512, name - 256); // NaN
    await rm(join(model, modelFileName));
    await writeFile(join(model, modelFileName), weights);
    await using embedder = await local({ modelFolder: model });
    await assert.rejects(
      embedder.embed(["hello"]),
      (error) => error instanceof MissingError && /no numbers.*Restore that folder/.test(error.message),
    );
    assert.equal(embedder.isProven, false);
  });

  it("finds every file of the shipped model as its checksums say", async () => {
    const checks = await verifyModel();
    assert.ok(checks.length >= 4);
    assert.ok(checks.every(({ state }) => state === "ok"));
  });
});

function saysToRestore(error: unknown): boolean {
  return (
    error instanceof MissingError &&
    /model_quantized\.onnx is not what .*Restore that folder/.test(error.message)
  );
}

async function priorities(): Promise<Map<string, number>> {
  const tasks = await readdir("/proc/self/task");
  const rows = await Promise.all(
    tasks.map(async (task): Promise<[string, number]> => {
      const stat = await readFile(`/proc/self/task/${task}/stat`, "utf8").catch(() => "");
      // proc(5): field 19 is the nice value; the command name before it may hold spaces.
      return [task, Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16])];
    }),
  );
  return new Map(rows);
}
