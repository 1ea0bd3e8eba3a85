import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Filter } from "../../src/rag/filter.ts";
import { compileFilter } from "../../src/rag/stores/qdrant/filter.ts";

const host: Filter = { field: "host", anyOf: ["a.example"] };
const onHost = { key: "host", match: { any: ["a.example"] } };
const never = { must: [{ has_id: [] }] };

// That they hold of the same documents as in SQLite is the contract's to test; here is what is sent.
describe("a filter for Qdrant", () => {
  const cases: readonly (readonly [string, Filter, object | undefined])[] = [
    ["is the condition on a payload's key", host, { must: [onHost] }],
    ["is none where everything passes", { all: [] }, undefined],
    ["asks for no point where nothing passes", { any: [] }, never],
    ["is true with a part that is always true", { any: [host, { all: [] }] }, undefined],
    ["is false with a part that is always false", { all: [host, { any: [] }] }, never],
    ["leaves out what decides nothing", { all: [host, { all: [] }] }, { must: [{ must: [onHost] }] }],
    ["turns what is always true", { not: { all: [] } }, never],
    ["turns a condition", { not: host }, { must: [{ must_not: [onHost] }] }],
    ["asks for no point where no text is wanted", { field: "url", anyOf: [] }, never],
    [
      "takes the next whole millisecond for a bound, since Qdrant cuts fractions off",
      { field: "fetchedAt", from: 1.5, before: 3.5 },
      { must: [{ key: "fetched_at", range: { gte: 2, lt: 4 } }] },
    ],
    [
      "asks for a known time where there is no bound",
      { field: "publishedAt" },
      {
        must: [
          {
            key: "published_at",
            range: { gte: Number.MIN_SAFE_INTEGER, lt: Number.MAX_SAFE_INTEGER },
          },
        ],
      },
    ],
    [
      "asks for no point between bounds the wrong way round",
      { field: "publishedAt", from: 2, before: 1 },
      never,
    ],
  ];
  for (const [what, filter, expected] of cases) {
    it(what, () => assert.deepEqual(compileFilter(filter), expected));
  }
});
