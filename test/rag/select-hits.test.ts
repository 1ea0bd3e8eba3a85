import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChunkId, FoundChunk, StoredChunk } from "../../src/rag/chunk-store.ts";
import { isNearDuplicate, shinglesOf } from "../../src/rag/retrieval/near-duplicates.ts";
import { Passages, selectHits } from "../../src/rag/retrieval/select-hits.ts";

/** Round trips to the store, where each passage could be one. */
const mostReads = 6;

/** Passages that fell in this order, each `host/page text`. */
function select(
  found: readonly string[],
  limit: number,
  caps: { maxPerPage?: number; maxHostShare?: number } = {},
) {
  const reads: number[] = [];
  const chunks = found.map((line, id): StoredChunk => {
    const [url = "", ...words] = line.split(" ");
    return {
      id,
      documentId: url,
      ordinal: 0,
      url: `https://${url}`,
      title: "",
      headingPath: "",
      start: 0,
      end: 0,
      text: words.join(" "),
      hash: "",
      fetchedAt: 0,
      publishedAt: "",
    };
  });
  const store = {
    chunks: async (ids: readonly ChunkId[]) => {
      reads.push(ids.length);
      return ids.flatMap((id) => chunks[Number(id)] ?? []);
    },
  };
  const fused = chunks.map(({ id }) => ({ id, score: 1 - Number(id) / 100, parts: {} }));
  const places = new Map<ChunkId, FoundChunk>(
    chunks.map(({ id, documentId }) => [id, { id, documentId, score: 1, hasVector: true }]),
  );
  return selectHits(fused, places, new Passages(store, undefined), limit, {
    maxPerPage: caps.maxPerPage ?? 99,
    maxHostShare: caps.maxHostShare ?? 1,
  }).then((taken) => {
    assert.ok(reads.length <= mostReads, `${reads.length} reads`);
    return taken.map(({ chunk }) => Number(chunk.id));
  });
}

describe("the selection of hits", () => {
  it("leaves out what nearly repeats a passage before it", async () => {
    const long = Array.from({ length: 60 }, (_, at) => `word${at}`).join(" ");
    const taken = await select(
      [`a/1 ${long}`, `b/1 ${long} extra`, `c/1 ${long.toUpperCase()}`, "d/1 other"],
      9,
    );
    assert.deepEqual(taken, [0, 3]);
  });

  it("takes so many of a page while there are others, then fills up, best first", async () => {
    const found = ["a/1 one", "a/1 two", "a/1 three", "b/1 four"];
    assert.deepEqual(await select(found, 3, { maxPerPage: 2 }), [0, 1, 3]);
    assert.deepEqual(await select(found, 4, { maxPerPage: 2 }), [0, 1, 2, 3]);
  });

  it("gives one host its share while there are others, then fills up, best first", async () => {
    const found = ["a/1 one", "a/2 two", "a/3 three", "b/1 four", "c/1 five"];
    assert.deepEqual(await select(found, 4, { maxHostShare: 0.5 }), [0, 1, 3, 4]);
    assert.deepEqual(await select(found.slice(0, 3), 3, { maxHostShare: 0.1 }), [0, 1, 2]);
  });
});

describe("what the selection looks at", () => {
  it("looks for other hosts among those about as good, not at the far end", async () => {
    const own = Array.from({ length: 20 }, (_, at) => `a/${at} text${at}`);
    assert.deepEqual(await select([...own, "b/1 far"], 4, { maxHostShare: 0.5 }), [0, 1, 2, 3]);
    assert.deepEqual(await select([...own.slice(0, 9), "b/1 near"], 4, { maxHostShare: 0.5 }), [0, 1, 2, 9]);
  });

  it("reads many passages at once, also where all are of one host and over its share", async () => {
    const own = Array.from({ length: 300 }, (_, at) => `a/${at} text${at}`);
    assert.equal((await select(own, 10, { maxHostShare: 0.5 })).length, 10);
  });

  it("reads on where repetitions use the nearer ones up", async () => {
    const found = [...Array.from({ length: 12 }, (_, at) => `a/${at} same`), "b/1 other", "b/2 third"];
    assert.deepEqual(await select(found, 3), [0, 12, 13]);
  });
});

describe("near duplicates", () => {
  const text = Array.from({ length: 100 }, (_, at) => `w${at}`).join(" ");
  for (const [name, other, expected] of [
    ["the same in other spacing and case", text.toUpperCase().replaceAll(" ", "\n"), true],
    ["the same with one word changed", text.replace("w50", "changed"), true],
    ["the same with a paragraph added", `${text} ${text.replaceAll("w", "v").slice(0, 100)}`, false],
    ["half of it", text.slice(0, text.length / 2), false],
    ["something else", "quite another text about other things", false],
  ] as const) {
    it(`${expected ? "sees" : "does not see"} ${name} as a repetition`, () => {
      assert.equal(isNearDuplicate(shinglesOf(text), shinglesOf(other)), expected);
    });
  }

  it("compares letters where words are not parted", () => {
    const japanese =
      "青ヶ浜灯台は湾の北側に立つ白い灯台で高さは三十二メートルあり一九二六年に建てられました中には百十段の階段があり上からは島々を見渡すことができます";
    const isRepeated = (other: string) => isNearDuplicate(shinglesOf(japanese), shinglesOf(other));
    assert.ok(isRepeated(japanese.replace("白い", "赤い")));
    assert.ok(!isRepeated(japanese.slice(0, japanese.length / 2)));
    assert.ok(!isRepeated("緑野紙の博物館では手すき和紙の歴史を紹介しています"));
  });

  it("compares texts of a word or two whole", () => {
    assert.ok(isNearDuplicate(shinglesOf("Yes  no"), shinglesOf("yes no")));
    assert.ok(!isNearDuplicate(shinglesOf("yes"), shinglesOf("no")));
    assert.ok(!isNearDuplicate(shinglesOf("一"), shinglesOf("二")));
  });
});
