import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { MissingError, messageOf } from "../../errors.ts";

/** The model that comes with Forager, from `src/` and from `dist/` alike. */
export const shippedModelFolder: string = fileURLToPath(
  new URL("../../../models/all-MiniLM-L6-v2", import.meta.url),
);
/** The weights, as transformers.js names them for 8 bits. */
export const modelFileName = "onnx/model_quantized.onnx";

/** A model folder's facts: its identity, its shape, and vectors to check a runtime by. */
export interface ModelFacts {
  readonly id: string;
  readonly dimensions: number;
  readonly maxTokens: number;
  readonly references: readonly { readonly text: string; readonly vector: readonly number[] }[];
  /** Files that vectors come from and whose bytes are not those of the folder's `SHA256SUMS`; none where it has no such list. */
  readonly damaged: readonly string[];
}

/** One file of a model folder and whether its bytes are the ones its `SHA256SUMS` names. */
export interface ModelFileCheck {
  readonly file: string;
  readonly state: "ok" | "changed" | "missing";
}

/**
 * Compares the files of a model folder with its `SHA256SUMS`.
 * @throws {MissingError} When the folder has no readable `SHA256SUMS`.
 */
export async function verifyModel(folder: string = shippedModelFolder): Promise<ModelFileCheck[]> {
  const sums = readSums(await readModelFile(folder, "SHA256SUMS"));
  return Promise.all(
    [...sums].map(async ([file, hash]): Promise<ModelFileCheck> => {
      try {
        const found = sha256(await readFile(join(folder, file)));
        return { file, state: found === hash ? "ok" : "changed" };
      } catch {
        return { file, state: "missing" };
      }
    }),
  );
}

/**
 * Reads what is to be known of a model before it is loaded.
 * @throws {MissingError} When the folder holds no model.
 */
export async function readModelFacts(folder: string): Promise<ModelFacts> {
  const [config, tokenizer, bytes, pieces, sums] = await Promise.all([
    readModelFile(folder, "config.json").then(
      (text) => JSON.parse(text) as { readonly hidden_size?: number },
    ),
    readModelFile(folder, "tokenizer_config.json").then(
      (text) => JSON.parse(text) as { readonly model_max_length?: number },
    ),
    readFile(join(folder, modelFileName)).catch((cause: unknown) => {
      throw missingModel(folder, cause);
    }),
    readModelFile(folder, "tokenizer.json"),
    readFile(join(folder, "SHA256SUMS"), "utf8").then(readSums, () => new Map<string, string>()),
  ]);
  const weights = sha256(bytes);
  const hashes = { [modelFileName]: weights, "tokenizer.json": sha256(pieces) };
  const isDamaged = ([file, hash]: [string, string]) => (sums.get(file) ?? hash) !== hash;
  const references = await readFile(join(folder, "reference.json"), "utf8").then(
    (text) => JSON.parse(text) as ModelFacts["references"],
    () => [],
  );
  return {
    id: `${basename(folder)}/${weights.slice(0, 12)}`,
    dimensions: config.hidden_size ?? 384,
    // BERT's positions end at 512, whatever a tokenizer's file says.
    maxTokens: Math.min(tokenizer.model_max_length ?? 256, 512),
    references,
    damaged: Object.entries(hashes)
      .filter(isDamaged)
      .map(([file]) => file),
  };
}

const WordPieces = z.object({
  model: z.object({ type: z.literal("WordPiece"), vocab: z.record(z.string(), z.number()) }),
});

/**
 * The words that a model has as one piece, and what else words begin with; none where its tokenizer is of another kind.
 * @throws {MissingError} When the folder holds no model.
 */
export async function readWords(folder: string): Promise<ReadonlySet<string>> {
  const found = WordPieces.safeParse(JSON.parse(await readModelFile(folder, "tokenizer.json")));
  return new Set(found.success ? Object.keys(found.data.model.vocab) : []);
}

/** What files that do not make right vectors cost, and how to get right ones again. */
export function damagedModel(folder: string, what: string): MissingError {
  return new MissingError(
    `The embedding model in ${folder} is damaged and its vectors are not to be used: ${what}.`,
    "Restore that folder: install Forager again, or copy the model anew. `forager doctor` checks it.",
  );
}

/** The hash of each file, by its name. */
function readSums(text: string): Map<string, string> {
  return new Map(
    text.split("\n").flatMap((line): [string, string][] => {
      const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
      return match ? [[match[2] as string, match[1] as string]] : [];
    }),
  );
}

async function readModelFile(folder: string, name: string): Promise<string> {
  try {
    return await readFile(join(folder, name), "utf8");
  } catch (cause) {
    throw missingModel(folder, cause);
  }
}

function missingModel(folder: string, cause: unknown): MissingError {
  return new MissingError(
    `The embedding model in ${folder} is missing or not whole: ${messageOf(cause)}.`,
    "Install Forager again, or name another folder, or search without an embedder (--embed off).",
    cause,
  );
}

function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}
