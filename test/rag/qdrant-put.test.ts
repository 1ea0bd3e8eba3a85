import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import fc from "fast-check";
import type { IndexedDocument } from "../../src/rag/chunk-store.ts";
import { anyPage, indexedOf, pageOf, type Page } from "../contracts/chunk-store-documents.ts";
import { embedder, QdrantHarness } from "../contracts/chunk-store-harness.ts";
import type { Fault, LoggedRequest } from "../qdrant/faults.ts";
import type { StandIn } from "../qdrant/stand-in.ts";

const means = { chunk: 5, page: 15 };
const otters = pageOf("https://a.example/otters", ["the otter of the river", "a stone bridge"]);

function documentsOf(pages: readonly Page[]): IndexedDocument[] {
  return pages.map((page) => indexedOf(page, (hash) => hash.length % 2 === 0));
}

/** A request that changes points. */
const isUpdate = ({ operation }: LoggedRequest) =>
  operation === "batch_update" || operation === "delete_points";

describe("documents put into Qdrant", () => {
  let harness: QdrantHarness;
  let standIn: StandIn;
  before(async () => {
    // One operation a request: a put is many, and can be stopped between any two.
    harness = await QdrantHarness.start(undefined, { maxBatchPoints: 1 });
    assert.ok(harness.standIn);
    ({ standIn } = harness);
  });
  after(() => harness[Symbol.asyncDispose]());
  afterEach(() => assert.deepEqual(standIn.violations, []));

  /** Points without what grows with every put; and whether those of each document are of one generation. */
  function pointsOf(collection: string): { readonly points: unknown[]; readonly generations: number[] } {
    const points = standIn.points(`${collection}_v1`);
    const byDocument = Map.groupBy(points, ({ payload }) => payload["doc_id"]);
    return {
      points: points.map(({ id, vectors, payload }) => [
        id,
        [...vectors].sort(([a], [b]) => (a < b ? -1 : 1)),
        { ...payload, gen: 0 },
      ]),
      generations: [...byDocument.values()].map(
        (own) => new Set(own.map(({ payload }) => payload["gen"])).size,
      ),
    };
  }

  /** From the `nth` update on, the server is gone; of that one the answer alone when it `isApplied`. */
  function dieAt(nth: number, isApplied: boolean): { revive(): void } {
    let updates = 0;
    let isDead = true;
    const fits = (kind: Fault["kind"]) => (request: LoggedRequest) => {
      if (!isDead) return false;
      if (updates > nth) return kind === "cut";
      if (!isUpdate(request)) return false;
      if (kind === "cut-after-apply") updates++;
      return updates > nth && (kind === "cut-after-apply") === isApplied;
    };
    standIn.fault({ kind: "cut-after-apply", when: fits("cut-after-apply"), times: Infinity });
    standIn.fault({ kind: "cut", when: fits("cut"), times: Infinity });
    return { revive: () => void (isDead = false) };
  }

  async function undisturbed(first: readonly Page[], second: readonly Page[]): Promise<readonly unknown[]> {
    await using opened = harness.open(means);
    await opened.store.put(first.map((page) => indexedOf(page)));
    await opened.store.put(documentsOf(second));
    return pointsOf(opened.collection).points;
  }

  /** Puts `first`, then `second` though the server dies at an update, then `second` again. */
  async function disturbed(
    first: readonly Page[],
    second: readonly Page[],
    nth: number,
    isApplied: boolean,
  ): Promise<{ readonly points: readonly unknown[]; readonly isKilled: boolean }> {
    await using opened = harness.open(means);
    await opened.store.put(first.map((page) => indexedOf(page)));
    const documents = documentsOf(second);
    const death = dieAt(nth, isApplied);
    const isKilled = await opened.store.put(documents).then(
      () => false,
      () => true,
    );
    death.revive();
    await opened.reopen(embedder).put(documents);
    const { points, generations } = pointsOf(opened.collection);
    assert.ok(generations.every((count) => count === 1));
    return { points, isKilled };
  }

  it("are whole after a second try, at whichever change the first was killed", async () => {
    const first = [
      { ...otters, passages: ["the otter", "stone", "winter lamp", "bridge"], publishedAt: "2020-01-01" },
    ];
    const second = [
      { ...otters, passages: ["bridge", "letter", "the otter"] }, // one new, two moved, two gone, no date
      pageOf("https://a.example/garden", ["garden", "garden"]),
    ];
    const expected = await undisturbed(first, second);
    for (const isApplied of [false, true]) {
      let nth = 0;
      for (; ; nth++) {
        const { points, isKilled } = await disturbed(first, second, nth, isApplied);
        assert.deepEqual(points, expected, `killed at update ${nth}`);
        if (!isKilled) break;
      }
      assert.ok(nth > 10, `${nth} updates`);
    }
  });

  it("are whole after a second try, whatever was changed when the first was killed", async () => {
    const pages = fc.array(anyPage, { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        pages,
        pages,
        fc.nat({ max: 12 }),
        fc.boolean(),
        async (first, second, nth, isApplied) => {
          const { points } = await disturbed(first, second, nth, isApplied);
          assert.deepEqual(points, await undisturbed(first, second));
        },
      ),
      { numRuns: 8 },
    );
  });

  it("cost a look and nothing more when they are there already", async () => {
    await using opened = harness.open(means);
    const document = indexedOf(otters, () => true);
    await opened.store.put([document]);
    const before = standIn.points(`${opened.collection}_v1`);
    standIn.requests.length = 0;
    await opened.store.put([document]);
    assert.deepEqual(
      standIn.requests.map(({ operation }) => operation),
      ["get_collection", "scroll_points"],
    );
    assert.deepEqual(standIn.points(`${opened.collection}_v1`), before);
  });

  it("send no passage again that stays, whatever else changes", async () => {
    await using opened = harness.open(means);
    await opened.store.put([indexedOf(otters)]);
    standIn.requests.length = 0;
    const [otter = "", bridge = ""] = otters.passages;
    const changed: Page = { ...otters, passages: [bridge, "winter", otter], fetchedAt: 1 };
    await opened.store.put([indexedOf(changed, (hash) => hash.includes("bridge"))]);
    const sent = JSON.stringify(standIn.requests.filter(isUpdate).map(({ body }) => body));
    assert.ok(sent.includes('"text":"winter"'));
    assert.ok(!sent.includes('"text":"a stone bridge"') && !sent.includes('"text":"the otter'));
    const kinds = standIn.requests
      .filter(isUpdate)
      .flatMap(({ body }) =>
        (body as { operations: object[] }).operations.flatMap((one) => Object.keys(one)),
      );
    assert.deepEqual(kinds, [
      "upsert", // winter
      "update_vectors", // the bridge's
      "set_payload", // that it has one
      "set_payload", // two new places
      "set_payload",
      "set_payload", // the document's facts
      "upsert", // its own point
      "delete",
    ]);
  });

  it("replace what an aborted put brings in late", async () => {
    await using opened = harness.open(means);
    await opened.store.put([indexedOf(otters)]);
    const controller = new AbortController();
    const { promise: until, resolve: apply } = Promise.withResolvers<void>();
    standIn.fault({ kind: "late", until, when: isUpdate });
    const aborted = opened.store.put(
      [indexedOf({ ...otters, passages: ["winter lamp"] })],
      controller.signal,
    );
    while (!standIn.requests.some(({ body }) => JSON.stringify(body ?? "").includes("winter lamp"))) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    controller.abort(new Error("enough"));
    await assert.rejects(aborted, /enough/);
    const put = opened.store.put([indexedOf({ ...otters, passages: ["river letter"] })]);
    apply();
    await put;
    const [document] = await Array.fromAsync(opened.store.everything());
    assert.deepEqual(
      standIn
        .points(`${opened.collection}_v1`)
        .map(({ payload }) => payload["text"])
        .filter(Boolean),
      ["river letter"],
    );
    assert.equal(document?.chunks.length, 1);
  });

  it("are not moved elsewhere by halves", async () => {
    await using opened = harness.open(means);
    await opened.store.put([indexedOf(otters)]);
    const death = dieAt(0, true);
    await assert.rejects(
      opened.store.put([indexedOf({ ...otters, passages: ["winter", ...otters.passages] })]),
    );
    death.revive();
    await assert.rejects(Array.fromAsync(opened.store.everything()), /half written/);
  });
});
