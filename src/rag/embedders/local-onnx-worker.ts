// Runs in a worker thread of its own: one model session, one text a call.
import { constants, setPriority } from "node:os";
import { workerData } from "node:worker_threads";
import type { Tokenizer } from "@huggingface/tokenizers";
import { move } from "piscina";
import type { TokenVectors } from "../embedder.ts";
import { NativeGate } from "../onnx/native-gate.ts";
import { loadOnnxModel, maxCharactersPerToken, type OnnxModel } from "../onnx/onnx-model.ts";

/** What the pool hands to each thread. */
export interface LocalOnnxWorkerData {
  readonly modelFile: string;
  readonly folder: string;
  readonly dimensions: number;
  readonly maxTokens: number;
  /** Of the {@link NativeGate} that the pool's owner shuts. */
  readonly gate: SharedArrayBuffer;
}

/** What a thread is asked for: the vectors of texts, or of the word pieces of a text in parts. */
export interface EmbedTask<Text = string> {
  readonly texts: readonly Text[];
  /** True once everything else on the machine goes first. */
  readonly isYielding: boolean;
}

const settings = workerData as LocalOnnxWorkerData;
const gate = new NativeGate(settings.gate);
let model: Promise<OnnxModel> | undefined;
let hasYielded = false;

/** Embeds the texts one after the other; the rows lie end to end. */
export default async function embedTexts({ texts, isYielding }: EmbedTask): Promise<Float32Array> {
  const { tokenizer, ...running } = await ready(isYielding);
  const rows = new Float32Array(texts.length * settings.dimensions);
  for (const [index, text] of texts.entries()) {
    const row = rows.subarray(index * settings.dimensions, (index + 1) * settings.dimensions);
    meanToUnit(await tokenStates(running, fitted(tokenIds(tokenizer, text))), row);
  }
  return move(rows) as Float32Array;
}

/** Embeds the word pieces of texts that come in parts, one text after the other. */
export async function embedTokens({
  texts,
  isYielding,
}: EmbedTask<readonly string[]>): Promise<TokenVectors[]> {
  const { tokenizer, ...running } = await ready(isYielding);
  const all: TokenVectors[] = [];
  for (const parts of texts) {
    const tokens = parts.map((part) => tokenIds(tokenizer, part));
    const [start, end] = [tokens[0]?.[0], tokens[0]?.at(-1)];
    if (start === undefined || end === undefined) {
      all.push({ ends: parts.map(() => 0), rows: new Float32Array(0) });
      continue;
    }
    const inner = tokens.map((ids) => ids.slice(1, -1));
    const states = await tokenStates(running, fitted([start, ...inner.flat(), end]));
    const rows = states.slice(settings.dimensions, -settings.dimensions);
    toUnits(rows);
    let count = 0;
    const room = rows.length / settings.dimensions;
    all.push({ ends: inner.map((ids) => Math.min((count += ids.length), room)), rows });
  }
  return all;
}

async function ready(isYielding: boolean): Promise<OnnxModel> {
  if (isYielding && !hasYielded) yieldProcessor();
  model ??= loadOnnxModel(settings, gate);
  return await model;
}

/** The model's last layer: a row an id. */
async function tokenStates(
  { session, tensor }: Pick<OnnxModel, "session" | "tensor">,
  ids: readonly number[],
): Promise<Float32Array> {
  const shape = [1, ids.length];
  const { last_hidden_state: states } = await gate.pass(() =>
    session.run({
      input_ids: new tensor("int64", BigInt64Array.from(ids, BigInt), shape),
      attention_mask: new tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
      token_type_ids: new tensor("int64", new BigInt64Array(ids.length), shape),
    }),
  );
  if (!(states?.data instanceof Float32Array) || states.data.length !== ids.length * settings.dimensions) {
    throw new Error(`${settings.modelFile} gave no last_hidden_state of ${settings.dimensions} columns.`);
  }
  const rows = states.data.slice();
  states.dispose();
  return rows;
}

function yieldProcessor(): void {
  hasYielded = true;
  // On Linux a priority belongs to the thread that sets it (setpriority(2), "C library/kernel differences").
  if (process.platform === "linux") setPriority(0, constants.priority.PRIORITY_LOW);
}

/** Word pieces with [CLS] and [SEP]. */
function tokenIds(tokenizer: Tokenizer, text: string): readonly number[] {
  return tokenizer.encode(text.slice(0, settings.maxTokens * maxCharactersPerToken)).ids;
}

/** At most `maxTokens`: the last place is [SEP]'s when the text is cut. */
function fitted(ids: readonly number[]): readonly number[] {
  const end = ids.at(-1);
  return ids.length <= settings.maxTokens || end === undefined
    ? ids
    : [...ids.slice(0, settings.maxTokens - 1), end];
}

/** Mean of the token vectors (one text a call, so no padding to mask), scaled to length 1. */
function meanToUnit(states: Float32Array, row: Float32Array): void {
  const width = row.length;
  const sums = new Float64Array(width);
  for (let start = 0; start < states.length; start += width) {
    for (let column = 0; column < width; column++) {
      sums[column] = (sums[column] as number) + (states[start + column] as number);
    }
  }
  const norm = Math.hypot(...sums) || 1;
  for (let column = 0; column < width; column++) row[column] = (sums[column] as number) / norm;
}

/** Scales each row to length 1, in place. */
function toUnits(rows: Float32Array): void {
  const width = settings.dimensions;
  for (let start = 0; start < rows.length; start += width) {
    let squares = 0;
    for (let at = start; at < start + width; at++) squares += (rows[at] as number) ** 2;
    const norm = Math.sqrt(squares) || 1;
    for (let at = start; at < start + width; at++) rows[at] = (rows[at] as number) / norm;
  }
}
