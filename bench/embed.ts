// How much of the bare runtime's speed does embedding through the backlog keep? Both in one run, turn about:
//   node bench/embed.ts [--chunks 300] [--rounds 3] [--threads N]
// Bare: the same model in as many worker threads, each with its share of the texts, nothing stored.
// Backlog: EmbedBacklog over a store in memory, vectors written in batches, progress counted.
import { packDocument } from "../src/rag/packed-document.ts";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { isMainThread } from "node:worker_threads";
import { Tokenizer } from "@huggingface/tokenizers";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { Piscina } from "piscina";
import { systemClock } from "../src/clock.ts";
import { Database } from "../src/database.ts";
import type { PageDocument } from "../src/document.ts";
import { EventStream } from "../src/events.ts";
import { silentLog } from "../src/log.ts";
import { analyze } from "../src/rag/analyzer.ts";
import { EmbedBacklog } from "../src/rag/embed-backlog.ts";
import { createLocalOnnxEmbedder, type LocalOnnxEmbedder } from "../src/rag/embedders/local-onnx.ts";
import { shippedModelFolder } from "../src/rag/embedders/local-onnx-model.ts";
import { archiveSchema } from "../src/rag/stores/sqlite-schema.ts";
import { SqliteArchive } from "../src/rag/stores/sqlite-archive.ts";

if (isMainThread) await main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      chunks: { type: "string", default: "300" },
      rounds: { type: "string", default: "3" },
      threads: { type: "string", default: String(availableParallelism()) },
    },
  });
  const [count, rounds, threads] = [Number(values.chunks), Number(values.rounds), Number(values.threads)];
  const texts = Array.from({ length: count }, (_, index) => passage(index));
  await using embedder = await createLocalOnnxEmbedder(
    { log: silentLog },
    { modelFolder: "", threads, isBackground: false },
  );
  // Every thread loads its model before the clock starts, as in the bare run.
  await embedder.embed(Array.from({ length: 8 * threads }, (_, index) => passage(index)));
  const bare = new Piscina<readonly string[], void>({
    filename: import.meta.url,
    minThreads: threads,
    maxThreads: threads,
  });
  const runBare = async (some: readonly string[]): Promise<void> => {
    const shares = Array.from({ length: threads }, (_, thread) =>
      some.filter((_text, index) => index % threads === thread),
    );
    await Promise.all(shares.map((share) => bare.run(share)));
  };
  await runBare(texts.slice(0, 8 * threads));
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    const alone = await timed(() => runBare(texts));
    const through = await timed(() => backlog(texts, embedder));
    ratios.push(alone.ms / through.ms);
    const show = ({ ms, cpuMs }: Timing) =>
      `${((1000 * count) / ms).toFixed(1)} chunks/s, ${(cpuMs / count).toFixed(1)} ms CPU a chunk`;
    console.log(
      `round ${round}: bare ${show(alone)}; backlog ${show(through)}; kept ${percent(alone.ms / through.ms)}`,
    );
  }
  await bare.close();
  const median = ratios.toSorted((one, other) => one - other)[Math.floor(ratios.length / 2)] ?? 0;
  const megabytes = Math.round(process.memoryUsage().rss / 2 ** 20);
  console.log(
    `median kept ${percent(median)} (target 90 %); RSS ${megabytes} MB with both pools of ${threads} threads`,
  );
}

interface Timing {
  readonly ms: number;
  readonly cpuMs: number;
}

async function timed(work: () => Promise<void>): Promise<Timing> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { ms: performance.now() - start, cpuMs: (user + system) / 1000 };
}

async function backlog(texts: readonly string[], embedder: LocalOnnxEmbedder): Promise<void> {
  using database = new Database(":memory:", { schema: [archiveSchema] });
  const archive = new SqliteArchive({ database, embedder });
  const perPage = 20;
  database.writeNow(() => {
    for (let start = 0; start < texts.length; start += perPage) {
      storePage(archive, `https://bench.test/${start}`, texts.slice(start, start + perPage));
    }
  });
  const write = <T>(work: () => T): Promise<T> => database.write(work);
  const events = new EventStream();
  const made = await new EmbedBacklog({ archive, embedder, write, events, clock: systemClock }).run({
    onlyLead: false,
  });
  if (made !== texts.length) throw new Error(`${made} of ${texts.length} chunks were embedded.`);
}

function storePage(archive: SqliteArchive, url: string, passages: readonly string[]): void {
  const text = passages.join("\n\n");
  let end = -2;
  const chunks = passages.map((words) => {
    const start = end + 2;
    end = start + words.length;
    return { start, end, headingPath: "", hash: words, terms: analyze(words) };
  });
  const document: PageDocument = {
    title: "",
    description: "",
    author: "",
    publishedAt: "",
    modifiedAt: "",
    language: "en",
    siteName: "",
    canonicalUrl: "",
    markdown: "",
    text,
    fullText: "",
    blocks: [],
    structured: {},
    format: "html",
  };
  archive.upsert({
    url,
    requestedUrl: url,
    finalUrl: url,
    host: "bench.test",
    httpStatus: 200,
    tier: "http",
    fetchedAt: 0,
    etag: "",
    lastModified: "",
    contentHash: text,
    bytes: 0,
    document: packDocument(document),
    chunks,
    terms: analyze(text),
  });
}

type Model = {
  readonly tokenizer: Tokenizer;
  readonly session: InferenceSession;
  readonly tensor: typeof Tensor;
};
let model: Promise<Model> | undefined;

/** One thread of the bare run: what the runtime needs and nothing else. */
export default async function bareRun(texts: readonly string[]): Promise<void> {
  model ??= loadModel();
  const { tokenizer, session, tensor } = await model;
  for (const text of texts) {
    const ids = tokenizer.encode(text).ids.slice(0, 256);
    const shape = [1, ids.length];
    await session.run({
      input_ids: new tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new tensor("int64", new BigInt64Array(ids.length), shape),
    });
  }
}

async function loadModel(): Promise<Model> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const [tokenizerJson, config] = await Promise.all(
    ["tokenizer.json", "tokenizer_config.json"].map(
      async (name) => JSON.parse(await readFile(join(shippedModelFolder, name), "utf8")) as object,
    ),
  );
  const session = await InferenceSession.create(join(shippedModelFolder, "onnx/model_quantized.onnx"), {
    intraOpNumThreads: 1,
    enableCpuMemArena: false,
  });
  return { tokenizer: new Tokenizer(tokenizerJson ?? {}, config ?? {}), session, tensor: Tensor };
}

/** Some 190 tokens of plain English, another for each `index`. */
function passage(index: number): string {
  const words = (
    "the river carries small stones past an old mill where people once ground wheat for bread and every autumn " +
    "children gather leaves along its banks while engineers measure how high water rises after heavy rain"
  ).split(" ");
  const text = Array.from(
    { length: 180 },
    (_, place) => words[(place * (7 + (index % 5)) + index) % words.length],
  );
  return `Passage ${index}. ${text.join(" ")}.`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
