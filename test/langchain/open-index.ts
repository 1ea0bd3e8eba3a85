import { systemClock } from "../../src/clock.ts";
import { DataFolder } from "../../src/data-folder.ts";
import type { ForagerIndex, VectorHit } from "../../src/langchain/index.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";
import { HashingEmbedder } from "../../src/testing.ts";
import { openForager } from "./open-forager.ts";

/** An index with all that a vector store can make use of: searched by a vector, and asked for whole documents. */
export async function openIndex(embedder = new HashingEmbedder()) {
  const opened = await openForager({ embedder });
  const { forager, path } = opened;
  const read = async <T>(look: (folder: DataFolder) => T | Promise<T>): Promise<T> => {
    using folder = DataFolder.open(path, { isCreated: false, clock: systemClock, embedder });
    return await look(folder);
  };
  const index: ForagerIndex = {
    search: (...given) => forager.search(...given),
    add: (...given) => forager.add(...given),
    remove: (...given) => forager.remove(...given),
    document: (url) => read(({ archive }) => archive.document(url)?.document),
    searchVector: (vector, { limit = 10, filter }) =>
      read((folder) => nearest(new SqliteChunkStore(folder), Float32Array.from(vector), limit, filter)),
  };
  return { index, forager, [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose]() };
}

async function nearest(
  store: SqliteChunkStore,
  vector: Float32Array,
  limit: number,
  filter: Parameters<typeof store.searchVectors>[1]["filter"],
): Promise<VectorHit[]> {
  const [found = []] = await store.searchVectors([vector], filter ? { limit, filter } : { limit });
  const ids = found.map(({ id }) => id);
  const vectors = await store.vectors(ids);
  const chunks = await store.chunks(ids);
  return chunks.map((chunk, at) => ({
    ...chunk,
    heading: chunk.headingPath,
    score: found[at]?.score ?? 0,
    vector: vectors.get(chunk.id) ?? new Float32Array(),
  }));
}
