import type { Clock } from "../clock.ts";
import { MissingError } from "../errors.ts";
import type { EventStream } from "../events.ts";
import type { Archive } from "./archive.ts";
import type { EmbeddingJob } from "./chunk-store.ts";
import type { Embedder } from "./embedder.ts";

/** Calls kept under way for each that the embedder works on: one runs, one waits, so no thread stands idle. */
const callsPerSlot = 2;
/** Vectors that share a transaction: about a second's work of two processors, and all that a kill can lose. */
const writeBatch = 64;
/** Passages read ahead of the embedder, at least. */
const readAhead = 256;
/** How long {@link EmbedBacklog.follow} waits for new passages. */
const followPauseMs = 500;

/** What of the archive the backlog is about. */
type BacklogArchive = Pick<Archive, "embeddingBacklog" | "putVectors" | "stats">;

/** How far to go. */
export interface EmbedRequest {
  /** Only the first four passages of each page. */
  readonly onlyLead: boolean;
  /** Epoch milliseconds: takes up nothing new from then on. */
  readonly untilMs?: number;
  readonly signal?: AbortSignal;
}

/** Gives passages their vectors, in the order that serves questions best. What is left is known to the store, so it goes on after any stop. */
export class EmbedBacklog {
  readonly #archive: BacklogArchive;
  readonly #embedder: Embedder;
  readonly #write: <T>(work: () => T) => Promise<T>;
  readonly #events: EventStream;
  readonly #clock: Clock;

  constructor(deps: {
    readonly archive: BacklogArchive;
    readonly embedder: Embedder;
    /** Runs work in a transaction. */
    readonly write: <T>(work: () => T) => Promise<T>;
    readonly events: EventStream;
    readonly clock: Clock;
  }) {
    this.#archive = deps.archive;
    this.#embedder = deps.embedder;
    this.#write = deps.write;
    this.#events = deps.events;
    this.#clock = deps.clock;
  }

  /**
   * Works until no passage is left, or until `untilMs`.
   * @returns How many passages got their vectors.
   * @throws The signal's reason when aborted, the embedder's error when it fails twice on the same passages; what was embedded by then is kept.
   */
  async run(request: EmbedRequest): Promise<number> {
    this.#embedder.yieldProcessor?.();
    let total = 0;
    for (;;) {
      const made = await new Pass(this.#archive, this.#embedder, this.#clock, (vectors) =>
        this.#keep(vectors),
      ).run(request);
      total += made;
      if (made === 0 || isOver(request, this.#clock)) return total;
    }
  }

  /**
   * As {@link run}, then goes on as new passages come in, until the signal aborts.
   * @throws The signal's reason, always; the embedder's error when it fails twice.
   */
  async follow(request: Omit<EmbedRequest, "untilMs"> & { readonly signal: AbortSignal }): Promise<never> {
    for (;;) {
      await this.run(request);
      await this.#clock.sleep(followPauseMs, request.signal);
    }
  }

  async #keep(vectors: readonly Vector[]): Promise<number> {
    const count = await this.#write(() => this.#archive.putVectors(vectors));
    const { chunks, embedded } = this.#archive.stats();
    this.#events.emit({ type: "chunks-embedded", count, embedded, total: chunks });
    return count;
  }
}

interface Vector {
  readonly hash: string;
  readonly vector: Float32Array;
}

/** One walk through the backlog, ended when all that it found is done. */
class Pass {
  readonly #archive: BacklogArchive;
  readonly #embedder: Embedder;
  readonly #clock: Clock;
  readonly #keep: (vectors: readonly Vector[]) => Promise<number>;
  /** Hashes taken up and not yet kept: the store still counts them as missing. */
  readonly #taken = new Set<string>();
  #ahead: EmbeddingJob[] = [];
  #unkept: Vector[] = [];
  #made = 0;

  constructor(
    store: BacklogArchive,
    embedder: Embedder,
    clock: Clock,
    keep: (vectors: readonly Vector[]) => Promise<number>,
  ) {
    this.#archive = store;
    this.#embedder = embedder;
    this.#clock = clock;
    this.#keep = keep;
  }

  async run(request: EmbedRequest): Promise<number> {
    const failing = new AbortController();
    const signal = request.signal ? AbortSignal.any([request.signal, failing.signal]) : failing.signal;
    const lanes = Array.from({ length: callsPerSlot * this.#embedder.concurrency }, async () => {
      try {
        await this.#lane(request, signal);
      } catch (error) {
        failing.abort(error);
        throw error;
      }
    });
    const ended = await Promise.allSettled(lanes);
    await this.#flush();
    request.signal?.throwIfAborted();
    if (failing.signal.aborted) throw failing.signal.reason;
    const failed = ended.find((lane) => lane.status === "rejected");
    if (failed) throw failed.reason;
    return this.#made;
  }

  async #lane(request: EmbedRequest, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (isOver(request, this.#clock)) return;
      const group = this.#next(request);
      if (group.length === 0) return;
      const vectors = await this.#embed(group, signal);
      for (const [index, { hash }] of group.entries()) {
        this.#unkept.push({ hash, vector: vectors[index] as Float32Array });
      }
      if (this.#unkept.length >= writeBatch) await this.#flush();
    }
  }

  #next({ onlyLead }: EmbedRequest): EmbeddingJob[] {
    const size = this.#embedder.batchSize;
    if (this.#ahead.length < size) this.#readAhead(onlyLead);
    const group = this.#ahead.splice(0, size);
    for (const { hash } of group) this.#taken.add(hash);
    return group;
  }

  #readAhead(onlyLead: boolean): void {
    const limit = this.#taken.size + Math.max(readAhead, this.#embedder.batchSize * 2);
    const fresh = new Map<string, EmbeddingJob>();
    for (const job of this.#archive.embeddingBacklog({ limit, onlyLead })) {
      if (!this.#taken.has(job.hash) && !fresh.has(job.hash)) fresh.set(job.hash, job);
    }
    this.#ahead = [...fresh.values()];
  }

  /** A failure is tried once more: a worker thread may have died, a service hiccuped. */
  async #embed(group: readonly EmbeddingJob[], signal: AbortSignal): Promise<Float32Array[]> {
    const texts = group.map(({ text }) => text);
    try {
      return await this.#embedder.embed(texts, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof MissingError) throw error;
      return this.#embedder.embed(texts, signal);
    }
  }

  async #flush(): Promise<void> {
    const vectors = this.#unkept;
    if (vectors.length === 0) return;
    this.#unkept = [];
    this.#made += await this.#keep(vectors);
    for (const { hash } of vectors) this.#taken.delete(hash);
  }
}

function isOver({ untilMs }: EmbedRequest, clock: Clock): boolean {
  return untilMs !== undefined && clock.now() >= untilMs;
}
