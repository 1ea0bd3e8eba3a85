// Works on an index in a process of its own, to be killed at any moment. Arguments: folder, Qdrant's address, what to do.
import { createForager } from "../../src/index.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";

const [folder = "", url = "", task = ""] = process.argv.slice(2);
await using forager = createForager(
  { dataDir: folder, qdrant: { url } },
  { embedder: new HashingEmbedder({ dimensions: 16, isProven: true }) },
);
const tasks: Readonly<Record<string, () => Promise<unknown>>> = {
  migrate: () => forager.migrate({ to: "qdrant" }),
  rebuild: () => forager.migrate({ to: "qdrant", rebuild: true }),
  back: () => forager.migrate({ to: "sqlite" }),
  calibrate: () => forager.calibrate({ seed: 1, timeoutMs: 600_000 }),
  remove: () => forager.remove(Array.from({ length: 100 }, (_, at) => `https://a.example/${at}`)),
};
console.log("started");
await tasks[task]?.();
console.log("finished");
