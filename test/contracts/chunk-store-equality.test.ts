import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import fc from "fast-check";
import { hash } from "node:crypto";
import type { ChunkStore, IndexedDocument } from "../../src/rag/chunk-store.ts";
import { storeNames } from "../../src/rag/stores/index.ts";
import { allOf, answersOf, assertSameAnswers } from "./chunk-store-answers.ts";
import { anyFilter, anyPage, anyQuestion, indexedOf, type Page } from "./chunk-store-documents.ts";
import { harnesses, meanLengthsOf, type StoreHarness } from "./chunk-store-harness.ts";

// Every store says the same as the data folder's own file, after the same changes.

type Step =
  | { readonly kind: "put"; readonly pages: readonly Page[] }
  | { readonly kind: "delete"; readonly urls: readonly string[] }
  | { readonly kind: "embed" };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("put"), pages: fc.array(anyPage, { maxLength: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("delete"),
      urls: fc.array(
        anyPage.map(({ url }) => url),
        { maxLength: 3 },
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("embed") }) },
);

/** What a store is told, and what it then holds: each step embeds more texts, as a backlog does. */
function changesOf(steps: readonly Step[]): {
  readonly calls: readonly ((store: ChunkStore) => Promise<void>)[];
  readonly final: readonly IndexedDocument[];
} {
  const pages = new Map<string, Page>();
  let level = 0;
  const isEmbedded = (text: string) => (hash("sha256", text, "buffer")[0] ?? 0) % 3 < level;
  const calls = steps.map((step) => {
    if (step.kind === "delete") {
      for (const url of step.urls) pages.delete(url);
      return (store: ChunkStore) => store.delete(step.urls);
    }
    if (step.kind === "embed") level++;
    else for (const page of step.pages) pages.set(page.url, page);
    const documents = (step.kind === "embed" ? [...pages.values()] : step.pages).map((page) =>
      indexedOf(page, isEmbedded),
    );
    return (store: ChunkStore) => store.put(documents);
  });
  return { calls, final: [...pages.values()].map((page) => indexedOf(page, isEmbedded)) };
}

describe("chunk stores", () => {
  const opened: StoreHarness[] = [];
  before(async () => {
    for (const name of storeNames) opened.push(await harnesses[name]());
  });
  after(async () => {
    for (const harness of opened) await harness[Symbol.asyncDispose]();
  });
  afterEach(() => {
    for (const harness of opened) assert.deepEqual(harness.violations(), []);
  });

  it("say the same after the same changes, to every question under every filter", async () => {
    const questions = fc.record({
      texts: fc.array(anyQuestion, { minLength: 1, maxLength: 4 }),
      filters: fc.array(anyFilter, { minLength: 1, maxLength: 5 }),
      limit: fc.integer({ min: 1, max: 30 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 5 }),
        questions,
        async (steps, { texts, filters, limit }) => {
          const { calls, final } = changesOf(steps);
          await using stack = new AsyncDisposableStack();
          const stores = opened.map((harness) => stack.use(harness.open(meanLengthsOf(final))).store);
          for (const store of stores) for (const call of calls) await call(store);
          const asked = { texts, filters, limit };
          const [expected, ...others] = await Promise.all(stores.map((store) => answersOf(store, asked)));
          assert.ok(expected);
          for (const answers of others) assertSameAnswers(answers, expected);
        },
      ),
      { numRuns: 12 },
    );
  });

  it("take over all that another one has, and say the same then", async () => {
    const pages = fc.uniqueArray(anyPage, { maxLength: 8, selector: ({ url }) => url });
    await fc.assert(
      fc.asyncProperty(pages, fc.nat({ max: 3 }), async (list, level) => {
        const documents = list.map((page) =>
          indexedOf(page, (text) => (hash("sha256", text, "buffer")[0] ?? 0) % 3 < level),
        );
        for (const from of opened) {
          for (const to of opened) {
            await using source = from.open(meanLengthsOf(documents));
            await using target = to.open(meanLengthsOf(documents));
            await source.store.put(documents);
            await target.store.put(await allOf(source.store));
            const asked = { texts: ["otter bridge", "winter"], limit: 20 };
            assertSameAnswers(await answersOf(target.store, asked), await answersOf(source.store, asked));
          }
        }
      }),
      { numRuns: 4 },
    );
  });
});
