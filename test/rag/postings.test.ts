import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PostingBlock, PostingList, PostingWriter } from "../../src/rag/postings.ts";
import { chooseForRest, chooseTier } from "../../src/rag/stores/sqlite-segments.ts";
import { TopHits } from "../../src/rag/top-hits.ts";

const term = fc.integer({ min: 0, max: 2 ** 31 });
const slots = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 30 - 1 }), { minLength: 1, maxLength: 400 });
const segment = (items: number, id: number, dead = 0) => ({ id, items, dead });

describe("postings", () => {
  it("come back from blocks as they were written, blocks in the order of terms", () => {
    const holds = fc.property(
      fc.uniqueArray(fc.tuple(term, slots), { selector: ([id]) => id, maxLength: 30 }),
      (all) => {
        const sorted = all.toSorted(([left], [right]) => left - right);
        const blocks: { first: number; data: Uint8Array }[] = [];
        const writer = new PostingWriter((first, data) => blocks.push({ first, data }));
        const expected = sorted.map(([id, held]) => {
          const list = new PostingList();
          for (const slot of held.toSorted((left, right) => left - right)) list.push(slot, 1 + (slot % 255));
          writer.add(id, list);
          return {
            id,
            slots: [...list.slots.subarray(0, list.size)],
            counts: [...list.counts.subarray(0, list.size)],
          };
        });
        writer.flush();
        const found = blocks.flatMap(({ first, data }) => {
          const block = new PostingBlock(data);
          assert.equal(block.terms[0], first);
          return Array.from(block.terms, (id) => {
            const list = new PostingList();
            block.addLive(block.find(id), list, 0, new Uint32Array());
            return {
              id,
              slots: [...list.slots.subarray(0, list.size)],
              counts: [...list.counts.subarray(0, list.size)],
            };
          });
        });
        assert.deepEqual(found, expected);
        for (const { data } of blocks) assert.equal(new PostingBlock(data).find(2 ** 31 + 1), -1);
      },
    );
    fc.assert(holds, { numRuns: 40 });
  });

  it("leave out what has no length, and rename slots", () => {
    const list = new PostingList();
    for (const slot of [0, 2, 3]) list.push(slot, slot + 1);
    let block: PostingBlock | undefined;
    const writer = new PostingWriter((_, data) => (block = new PostingBlock(data)));
    writer.add(7, list);
    writer.flush();
    const live = new PostingList();
    block?.addLive(
      0,
      live,
      10,
      Uint32Array.from({ length: 14 }, (_, slot) => (slot === 12 ? 0 : 1)),
    );
    assert.deepEqual([...live.slots.subarray(0, live.size)], [10, 13]);
    const renamed = new PostingList();
    block?.addRenamed(0, renamed, Int32Array.of(5, 6, -1, 8));
    assert.deepEqual([...renamed.slots.subarray(0, renamed.size)], [5, 8]);
    assert.deepEqual([...renamed.counts.subarray(0, renamed.size)], [1, 4]);
  });
});

describe("the choice of segments to merge", () => {
  it("keeps them few, and writes each posting few times, however long a crawl lasts", () => {
    let segments: ReturnType<typeof segment>[] = [];
    let [written, most] = [0, 0];
    const packs = 3_000;
    for (let id = 1; id <= packs; id++) {
      segments.push(segment(1_000, id));
      const run = new Set(chooseTier(segments));
      if (run.size > 0) {
        const items = segments.filter(({ id }) => run.has(id)).reduce((sum, { items }) => sum + items, 0);
        written += items;
        const at = segments.findIndex(({ id }) => run.has(id));
        segments = segments.filter(({ id }) => !run.has(id)).toSpliced(at, 0, segment(items, -id));
      }
      most = Math.max(most, segments.length);
    }
    assert.ok(most <= 35, `${most} segments`);
    assert.ok(written / (packs * 1_000) <= 4, `${written / (packs * 1_000)} times`);
  });

  it("writes a segment anew when a third of it is dead", () => {
    assert.deepEqual(chooseTier([segment(90, 1), segment(90, 2, 31)]), [2]);
    assert.deepEqual(chooseTier([segment(90, 1), segment(90, 2, 30)]), []);
  });

  it("leaves a large old segment alone when little was added", () => {
    assert.deepEqual(chooseForRest([segment(100_000, 1), segment(900, 2), segment(500, 3)]), [2, 3]);
    assert.deepEqual(chooseForRest([segment(3_000, 1), segment(900, 2), segment(500, 3)]), [1, 2, 3]);
    assert.deepEqual(chooseForRest([segment(3_000, 1)]), []);
  });
});

describe("the best hits", () => {
  it("are those of a full sort: higher scores first, ties by id", () => {
    const hits = fc.uniqueArray(fc.record({ id: fc.nat(), score: fc.integer({ min: 0, max: 9 }) }), {
      selector: ({ id }) => id,
    });
    fc.assert(
      fc.property(hits, fc.nat(20), (all, limit) => {
        const top = new TopHits(limit);
        for (const { id, score } of all) top.offer(id, score);
        const sorted = all.toSorted((left, right) => right.score - left.score || left.id - right.id);
        const pairs = (list: typeof all) => list.map(({ id, score }) => [id, score]);
        assert.deepEqual(pairs(top.sorted()), pairs(sorted.slice(0, limit)));
      }),
    );
  });
});
