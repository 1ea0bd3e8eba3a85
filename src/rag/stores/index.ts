import type { ChunkStore } from "../chunk-store.ts";
import { SqliteChunkStore, type ChunkStoreDeps } from "./sqlite.ts";

/** Stores by the name that configuration gives them. */
export const chunkStores: Readonly<Record<string, (deps: ChunkStoreDeps) => ChunkStore>> = {
  sqlite: (deps) => new SqliteChunkStore(deps),
};
