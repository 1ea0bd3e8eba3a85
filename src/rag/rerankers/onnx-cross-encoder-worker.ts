// Runs in a worker thread of its own: one model session, one pair of texts a call.
import { workerData } from "node:worker_threads";
import { NativeGate } from "../onnx/native-gate.ts";
import { loadOnnxModel, maxCharactersPerToken, type OnnxModel } from "../onnx/onnx-model.ts";

/** What the pool hands to each thread. */
export interface CrossEncoderWorkerData {
  readonly modelFile: string;
  readonly folder: string;
  readonly maxTokens: number;
  /** Of the {@link NativeGate} that the pool's owner shuts. */
  readonly gate: SharedArrayBuffer;
}

/** What a thread is asked for. */
export interface RerankTask {
  readonly query: string;
  readonly texts: readonly string[];
}

const settings = workerData as CrossEncoderWorkerData;
const gate = new NativeGate(settings.gate);
let model: Promise<OnnxModel> | undefined;

/** The logit of each text, read together with the query. */
export default async function scorePairs({ query, texts }: RerankTask): Promise<number[]> {
  model ??= loadOnnxModel(settings, gate);
  const loaded = await model;
  const scores: number[] = [];
  for (const text of texts) scores.push(await scorePair(loaded, query, text));
  return scores;
}

async function scorePair({ tokenizer, session, tensor }: OnnxModel, query: string, text: string) {
  const most = settings.maxTokens * maxCharactersPerToken;
  const encoded = tokenizer.encode(query.slice(0, most), {
    text_pair: text.slice(0, most),
    return_token_type_ids: true,
  });
  const ids = fitted(encoded.ids);
  const types = fitted(encoded.token_type_ids);
  const shape = [1, ids.length];
  const feeds = {
    input_ids: new tensor("int64", BigInt64Array.from(ids, BigInt), shape),
    attention_mask: new tensor("int64", new BigInt64Array(ids.length).fill(1n), shape),
    token_type_ids: new tensor("int64", BigInt64Array.from(types, BigInt), shape),
  };
  // Models of the RoBERTa kind know no token types.
  const taken = Object.entries(feeds).filter(([name]) => session.inputNames.includes(name));
  const outputs = await gate.pass(() => session.run(Object.fromEntries(taken)));
  const { data } = outputs[session.outputNames[0] ?? ""] ?? {};
  if (!(data instanceof Float32Array) || data.length < 1 || data.length > 2)
    throw new Error(`${settings.modelFile} gave no logit for a pair of texts.`);
  // With two labels the second is "relevant"; their difference is its logit.
  const [first = Number.NaN, second] = data;
  return second === undefined ? first : second - first;
}

/** At most `maxTokens`, cut at the end of the passage: the last place stays [SEP]'s. */
function fitted(numbers: readonly number[]): readonly number[] {
  const end = numbers.at(-1);
  return numbers.length <= settings.maxTokens || end === undefined
    ? numbers
    : [...numbers.slice(0, settings.maxTokens - 1), end];
}
