import { readFileSync } from "node:fs";
import { z } from "zod";
import { HeadlessOptions } from "./browser/headless-options.ts";
import { HostClockOptions } from "./browser/host-clock.ts";
import { HttpOptions } from "./browser/http-options.ts";
import { tierNames } from "./browser/tiers/index.ts";
import { ReadOptions } from "./content/read-options.ts";
import { OptionsError, messageOf } from "./errors.ts";
import { CrawlOptions } from "./jobs/crawl-options.ts";
import { AnswerOptions } from "./rag/answering/answer-options.ts";
import { ChunkOptions } from "./rag/chunking/chunk-options.ts";
import { LangChainEmbedderOptions } from "./rag/embedders/langchain-options.ts";
import { LocalOnnxOptions } from "./rag/embedders/local-onnx-options.ts";
import { RetrieveOptions } from "./rag/retrieval/retrieve-options.ts";
import { OnnxCrossEncoderOptions } from "./rag/rerankers/onnx-cross-encoder-options.ts";
import { QdrantOptions } from "./rag/stores/qdrant/options.ts";

/** Every option there is, one part a room. Flags, then environment, then file, then the defaults here. */
export const Config = z.strictObject({
  dataDir: z.string().min(1).default(".forager").describe("Folder that holds everything: one SQLite file"),
  tier: z.enum(tierNames).optional().describe("Fetch with this tier alone"),
  storageState: z
    .string()
    .default("")
    .describe("Playwright storage-state file: the cookies and local storage that pages are fetched with"),
  readThreads: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe("Threads that read pages; 0 leaves one processor to the main thread, 4 at most"),
  model: z
    .string()
    .default("")
    .describe("Chat model as provider:model (LangChain); empty answers by quotes alone"),
  embedder: z
    .enum(["local-onnx", "langchain", "none"])
    .default("local-onnx")
    .describe("What turns passages into vectors; none searches by words alone"),
  crawl: CrawlOptions.prefault({}),
  http: HttpOptions.prefault({}),
  headless: HeadlessOptions.prefault({}),
  politeness: HostClockOptions.prefault({}),
  read: ReadOptions.prefault({}),
  chunk: ChunkOptions.prefault({}),
  localOnnx: LocalOnnxOptions.prefault({}),
  langchainEmbedder: LangChainEmbedderOptions.optional(),
  qdrant: QdrantOptions.prefault({}),
  retrieve: RetrieveOptions.prefault({}),
  reranker: OnnxCrossEncoderOptions.prefault({}),
  answer: AnswerOptions.prefault({}),
});
export type Config = z.output<typeof Config>;
export type ConfigInput = z.input<typeof Config>;

/** Looked for in the working folder when no file is named. */
const defaultFile = "forager.config.json";

/**
 * Joins what was given, `FORAGER_...` variables, the file and the defaults.
 * @throws {OptionsError} Naming every bad field and what it takes.
 */
export function resolveConfig(
  given: ConfigInput,
  options: { readonly file?: string; readonly environment: NodeJS.ProcessEnv },
): Config {
  const layers = [readFile(options.file), fromEnvironment(options.environment), given as Tree];
  const parsed = Config.safeParse(layers.reduce(merge, {}));
  if (!parsed.success) throw new OptionsError("Configuration", parsed.error);
  return parsed.data;
}

/** One option, for docs/config.md. */
export interface OptionDoc {
  /** `http.maxWireBytes` */
  readonly path: string;
  /** `FORAGER_HTTP_MAX_WIRE_BYTES` */
  readonly variable: string;
  readonly type: string;
  readonly fallback: unknown;
  readonly description: string;
}

/** Every option with its variable, type, default and description, read off the schema. */
export function listOptions(): OptionDoc[] {
  return [...leaves(z.toJSONSchema(Config, { io: "input", unrepresentable: "any" }) as Schema, [])].map(
    ({ path, schema }) => ({
      path: path.join("."),
      variable: variableOf(path),
      type: schema.enum ? schema.enum.join(" \\| ") : (schema.type ?? "any"),
      fallback: schema.default,
      description: schema.description ?? "",
    }),
  );
}

interface Schema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Tree {
  readonly [name: string]: unknown;
}

function* leaves(
  schema: Schema,
  path: readonly string[],
): Generator<{ readonly path: readonly string[]; readonly schema: Schema }> {
  if (!schema.properties) yield { path, schema };
  for (const [name, child] of Object.entries(schema.properties ?? {})) yield* leaves(child, [...path, name]);
}

function variableOf(path: readonly string[]): string {
  return `FORAGER_${path.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join("_")}`;
}

/** Variables that go by a name of their own, as the tools around them have it. */
const knownElsewhere: Readonly<Record<string, string>> = {
  "qdrant.url": "QDRANT_URL",
  "qdrant.apiKey": "QDRANT_API_KEY",
};

function fromEnvironment(environment: NodeJS.ProcessEnv): Tree {
  let found: Tree = {};
  for (const { path, schema } of leaves(
    z.toJSONSchema(Config, { io: "input", unrepresentable: "any" }) as Schema,
    [],
  )) {
    const value = environment[variableOf(path)] || environment[knownElsewhere[path.join(".")] ?? ""];
    if (value === undefined || value === "") continue;
    found = merge(
      found,
      path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), parseValue(value, schema)) as Tree,
    );
  }
  return found;
}

function parseValue(value: string, schema: Schema): unknown {
  switch (schema.type) {
    case "integer":
    case "number":
      return Number(value);
    case "boolean":
      return value === "true" || value === "1" ? true : value === "false" || value === "0" ? false : value;
    case "array":
      return value.split(",").map((item) => item.trim());
    default:
      return value;
  }
}

function readFile(file: string | undefined): Tree {
  let text: string;
  try {
    text = readFileSync(file ?? defaultFile, "utf8");
  } catch (cause) {
    if (file === undefined) return {}; // none is fine; one that was named has to be there
    throw new OptionsError("Configuration", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return JSON.parse(text) as Tree;
  } catch (cause) {
    throw new OptionsError("Configuration", `${file ?? defaultFile} is not JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The later layer's leaves win; what it leaves undefined it does not touch. */
function merge(base: Tree, over: Tree): Tree {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    if (value !== undefined) merged[name] = isTree(below) && isTree(value) ? merge(below, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
