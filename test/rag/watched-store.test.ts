import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreError, TimeoutError } from "../../src/errors.ts";
import type { ChunkStore, StoreStats } from "../../src/rag/chunk-store.ts";
import { WatchedStore } from "../../src/rag/stores/watched.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const stats: StoreStats = { documents: 1, chunks: 1, embedded: 1 };
const gone = new StoreError("nothing answers there", { retryable: true });
/** Never answers, but hears when it is no longer waited for. */
const silence = (signal: AbortSignal | undefined) =>
  new Promise<never>((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });

/** A store of which only the size is asked. @param probe Whether it is there. */
function watch(
  answer: (signal: AbortSignal | undefined) => Promise<StoreStats>,
  probe: () => Promise<unknown> = () => Promise.resolve(),
) {
  const counts = { calls: 0, probes: 0, instead: 0 };
  const store: Partial<ChunkStore> = {
    name: "the shelf",
    stats: (signal) => {
      counts.calls += 1;
      return answer(signal);
    },
    document: async (_url, signal) => {
      await answer(signal);
      return undefined;
    },
  };
  const clock = new SettlingClock();
  const watched = new WatchedStore({
    store: store as ChunkStore,
    instead: {
      document: () => Promise.resolve(void (counts.instead += 1)),
      idf: () => Promise.resolve(new Float64Array()),
    },
    probe: () => {
      counts.probes += 1;
      return probe();
    },
    clock,
  });
  return { watched, counts, clock, startedAt: clock.now() };
}

describe("a store elsewhere that is watched", () => {
  it("is asked nothing besides when it answers", async () => {
    const { watched, counts } = watch(() => Promise.resolve(stats));
    assert.deepEqual(await watched.stats(), stats);
    assert.deepEqual([counts.probes, watched.failure], [0, undefined]);
  });

  it("is given up as soon as it no longer says that it is there, however patient the call is", async () => {
    let heard: unknown;
    const { watched, counts, clock, startedAt } = watch(
      (signal) => silence(signal).catch((error: unknown) => Promise.reject((heard = error))),
      () => (counts.probes > 2 ? Promise.reject(gone) : Promise.resolve()),
    );
    await assert.rejects(watched.stats(), gone);
    assert.deepEqual([counts.probes, clock.now() - startedAt], [3, 3_000]);
    assert.equal(watched.failure, gone);
    await new Promise(setImmediate);
    assert.ok(heard, "the call goes on");
  });

  it("is asked nothing more after it failed in a way that waiting may mend", async () => {
    const { watched, counts } = watch(() => Promise.reject(gone));
    await assert.rejects(watched.stats(), gone);
    await assert.rejects(watched.stats(), gone);
    assert.equal(counts.calls, 1);
  });

  it("has not failed when it was asked wrongly", async () => {
    const { watched, counts } = watch(() => Promise.reject(new StoreError("no such vector")));
    for (let time = 1; time <= 2; time++) await assert.rejects(watched.stats(), /no such vector/);
    assert.deepEqual([counts.calls, watched.failure], [2, undefined]);
  });

  it("has failed when its caller's time is up, and not when its caller has changed its mind", async () => {
    for (const [reason, expected] of [
      [new TimeoutError("Searching by words", 300), /does not answer in time: Searching by words/],
      [new Error("enough"), undefined],
    ] as const) {
      const { watched } = watch(silence, () => new Promise(() => {}));
      const caller = new AbortController();
      const asked = watched.stats(caller.signal);
      caller.abort(reason);
      // At once: whoever asks next must not wait again.
      if (expected) assert.match(watched.failure?.message ?? "", expected);
      else assert.equal(watched.failure, undefined);
      await assert.rejects(asked, reason);
    }
  });

  it("lets another say what may come from either, once it has failed", async () => {
    const { watched, counts } = watch(() => Promise.reject(gone));
    assert.equal(await watched.document("https://a.example/"), undefined);
    assert.equal(counts.instead, 1);
  });
});
