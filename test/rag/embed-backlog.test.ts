import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type Clock, systemClock } from "../../src/clock.ts";
import { MissingError } from "../../src/errors.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";
import type { EmbeddingJob } from "../../src/rag/chunk-store.ts";
import { EmbedBacklog } from "../../src/rag/embed-backlog.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";

/** The part of a store that the backlog uses; `lead` passages come first, as a store gives them. */
class Shelf {
  readonly jobs: EmbeddingJob[] = [];
  readonly vectors = new Map<string, Float32Array>();
  readonly lead: number;
  readonly writes: number[] = [];

  constructor(count: number, lead = count) {
    this.lead = lead;
    this.add(count);
  }

  add(count: number): void {
    for (let index = 0; index < count; index++) {
      const chunkId = this.jobs.length;
      this.jobs.push({ chunkId, hash: `hash ${chunkId}`, text: `passage ${chunkId}` });
    }
  }

  embeddingBacklog({
    limit,
    onlyLead,
  }: {
    readonly limit: number;
    readonly onlyLead: boolean;
  }): EmbeddingJob[] {
    return this.jobs
      .filter(({ chunkId, hash }) => (!onlyLead || Number(chunkId) < this.lead) && !this.vectors.has(hash))
      .slice(0, limit);
  }

  putVectors(vectors: readonly { readonly hash: string; readonly vector: Float32Array }[]): number {
    this.writes.push(vectors.length);
    for (const { hash, vector } of vectors) this.vectors.set(hash, vector);
    return vectors.length;
  }

  stats() {
    return { documents: 1, chunks: this.jobs.length, embedded: this.vectors.size };
  }
}

class CountingEmbedder extends HashingEmbedder {
  override readonly concurrency: number = 2;
  override readonly batchSize: number = 4;
  readonly texts: string[] = [];
  underWay = 0;
  mostUnderWay = 0;
  /** Called before each group; what it throws, the group throws. */
  beforeGroup: (texts: readonly string[]) => void = () => {};

  override async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    this.mostUnderWay = Math.max(this.mostUnderWay, ++this.underWay);
    try {
      await turn();
      signal?.throwIfAborted();
      this.beforeGroup(texts);
      this.texts.push(...texts);
      return await super.embed(texts, signal);
    } finally {
      this.underWay--;
    }
  }
}

async function write<T>(work: () => T): Promise<T> {
  return work();
}

function backlogOf(shelf: Shelf, embedder: CountingEmbedder, clock: Clock = systemClock) {
  const events = new EventStream();
  const seen: ForagerEvent[] = [];
  events.subscribe((event) => seen.push(event));
  return { seen, backlog: new EmbedBacklog({ archive: shelf, embedder, write, events, clock }) };
}

describe("the embedding backlog", () => {
  it("embeds each passage once, in the store's order, and says how far it is", async () => {
    const shelf = new Shelf(1_000);
    const embedder = new CountingEmbedder();
    const { backlog, seen } = backlogOf(shelf, embedder);
    assert.equal(await backlog.run({ onlyLead: false }), 1_000);
    assert.equal(shelf.vectors.size, 1_000);
    assert.deepEqual(
      embedder.texts,
      shelf.jobs.map(({ text }) => text),
    );
    assert.deepEqual(seen.at(-1), { type: "chunks-embedded", count: 40, embedded: 1_000, total: 1_000 });
  });

  it("keeps twice as many calls under way as the embedder works on, and no more", async () => {
    const embedder = new CountingEmbedder();
    await backlogOf(new Shelf(200), embedder).backlog.run({ onlyLead: false });
    assert.equal(embedder.mostUnderWay, 4);
  });

  it("asks the embedder to let everything else go first, before its first text", async () => {
    const embedder = new CountingEmbedder();
    let textsBefore = -1;
    const yielding = Object.assign(embedder, {
      yieldProcessor: () => (textsBefore = embedder.texts.length),
    });
    await backlogOf(new Shelf(8), yielding).backlog.run({ onlyLead: false, untilMs: 0 });
    assert.equal(textsBefore, 0);
  });

  it("writes some sixty vectors at a time", async () => {
    const shelf = new Shelf(640);
    await backlogOf(shelf, new CountingEmbedder()).backlog.run({ onlyLead: false });
    assert.ok(shelf.writes.length <= 10);
  });

  it("stops at the lead passages when asked to", async () => {
    const shelf = new Shelf(100, 30);
    assert.equal(await backlogOf(shelf, new CountingEmbedder()).backlog.run({ onlyLead: true }), 30);
    assert.equal(shelf.vectors.size, 30);
  });

  it("has nothing to do when all is done", async () => {
    const shelf = new Shelf(0);
    assert.equal(await backlogOf(shelf, new CountingEmbedder()).backlog.run({ onlyLead: false }), 0);
    assert.deepEqual(shelf.writes, []);
  });

  it("keeps what it made when aborted, and a second run makes the rest", async () => {
    const shelf = new Shelf(300);
    const embedder = new CountingEmbedder();
    const controller = new AbortController();
    const reason = new Error("enough");
    embedder.beforeGroup = () => {
      if (embedder.texts.length >= 100) controller.abort(reason);
    };
    const { backlog } = backlogOf(shelf, embedder);
    await assert.rejects(backlog.run({ onlyLead: false, signal: controller.signal }), reason);
    const kept = shelf.vectors.size;
    assert.ok(kept >= 96 && kept < 300);
    embedder.beforeGroup = () => {};
    assert.equal(await backlog.run({ onlyLead: false }), 300 - kept);
  });

  it("takes up nothing new after its time", async () => {
    const shelf = new Shelf(300);
    const embedder = new CountingEmbedder();
    let now = 0;
    embedder.beforeGroup = () => (now += 10);
    const clock: Clock = { now: () => now, sleep: () => Promise.resolve() };
    const made = await backlogOf(shelf, embedder, clock).backlog.run({ onlyLead: false, untilMs: 100 });
    assert.ok(made >= 36 && made <= 60);
    assert.equal(shelf.vectors.size, made);
  });

  it("tries a failed group once more", async () => {
    const shelf = new Shelf(40);
    const embedder = new CountingEmbedder();
    let failures = 0;
    embedder.beforeGroup = (texts) => {
      if (texts.includes("passage 8") && failures++ === 0) throw new Error("thread died");
    };
    assert.equal(await backlogOf(shelf, embedder).backlog.run({ onlyLead: false }), 40);
    assert.equal(failures, 2);
  });

  it("hands a lasting failure on and keeps what was made", async () => {
    const shelf = new Shelf(400);
    const embedder = new CountingEmbedder();
    const failure = new Error("no service");
    embedder.beforeGroup = (texts) => {
      if (texts.includes("passage 200")) throw failure;
    };
    await assert.rejects(backlogOf(shelf, embedder).backlog.run({ onlyLead: false }), failure);
    assert.ok(shelf.vectors.size >= 180);
  });

  it("does not try again what is not installed", async () => {
    const embedder = new CountingEmbedder();
    let calls = 0;
    embedder.beforeGroup = () => {
      calls++;
      throw new MissingError("No runtime.", "Install it.");
    };
    await assert.rejects(backlogOf(new Shelf(4), embedder).backlog.run({ onlyLead: false }), MissingError);
    assert.equal(calls, 1);
  });

  it("goes on as passages come in, until aborted", async () => {
    const shelf = new Shelf(10);
    const controller = new AbortController();
    let rounds = 0;
    const clock: Clock = {
      now: () => 0,
      async sleep(_milliseconds, signal) {
        assert.equal(shelf.vectors.size, shelf.jobs.length);
        if (++rounds === 3) controller.abort(new Error("the crawl ended"));
        signal?.throwIfAborted();
        shelf.add(25);
      },
    };
    const { backlog } = backlogOf(shelf, new CountingEmbedder(), clock);
    await assert.rejects(backlog.follow({ onlyLead: false, signal: controller.signal }), /the crawl ended/);
    assert.equal(shelf.vectors.size, 60);
  });
});
