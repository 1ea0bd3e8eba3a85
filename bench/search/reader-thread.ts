// A thread that answers questions from an index of its own over the same file.
import { workerData } from "node:worker_threads";
import type { Query } from "./corpus.ts";
import { OpenIndex } from "./open.ts";

const index = new OpenIndex(String(workerData));

export default function answer(query: Query): Promise<number> {
  return index.hybrid(query);
}
