import { Piscina } from "piscina";
import { z } from "zod";
import type { ReadOptions } from "../content/read-options.ts";
import type { RunContext } from "../context.ts";
import type { Agent } from "../coordination/agent.ts";
import type { FetchedPage } from "../document.ts";
import { endThreads } from "../end-threads.ts";
import type { Log } from "../log.ts";
import type { ChunkOptions } from "../rag/chunking/chunk-options.ts";
import type { ReadJob, ReadPage } from "./reader-thread.ts";

const FetchedPageSchema = z.custom<FetchedPage>(
  (value) => isRecord(value) && typeof value["finalUrl"] === "string" && value["body"] instanceof Uint8Array,
);
const ReadPageSchema = z.custom<ReadPage>(
  (value) => isRecord(value) && isRecord(value["verdict"]) && Array.isArray(value["links"]),
);

/** Reads and judges pages in worker threads: bytes to verdict, links, document, passages and terms. Owns its threads. */
export class Extractor implements Agent<FetchedPage, ReadPage>, AsyncDisposable {
  readonly role = "extractor";
  readonly input = FetchedPageSchema;
  readonly output = ReadPageSchema;
  readonly #log: Log;
  readonly #threads: Piscina<ReadJob, ReadPage>;
  readonly #options: { readonly read: ReadOptions; readonly chunk?: ChunkOptions };

  /** @param options.threads Pages read at the same moment. @param options.chunk Absent where nothing is indexed. */
  constructor(
    deps: { readonly log: Log },
    options: { readonly threads: number; readonly read: ReadOptions; readonly chunk?: ChunkOptions },
  ) {
    this.#log = deps.log;
    this.#options = options.chunk ? { read: options.read, chunk: options.chunk } : { read: options.read };
    this.#threads = new Piscina({
      filename: new URL(
        import.meta.url.endsWith(".ts") ? "./reader-thread.ts" : "./reader-thread.js",
        import.meta.url,
      ).href,
      minThreads: 1,
      maxThreads: options.threads,
      idleTimeout: 10_000,
      // As in rag/onnx/onnx-pool.ts: a thread that blocks until there is work may not end when told to.
      atomics: "disabled",
      // A page that makes the reader balloon ends its thread, not the process.
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 24 },
    });
  }

  /** The page's bytes move into the thread: `page.body` is empty afterwards. An abort ends the thread, whatever it is doing. */
  run(page: FetchedPage, context: RunContext): Promise<ReadPage> {
    const owned = page.body.buffer.byteLength === page.body.byteLength;
    return this.#threads.run(
      { page, ...this.#options },
      { signal: context.signal, ...(owned ? { transferList: [page.body.buffer as ArrayBuffer] } : {}) },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endThreads(this.#threads, "the reader of pages", this.#log);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
