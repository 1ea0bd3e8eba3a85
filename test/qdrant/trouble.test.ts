import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startStandIn, type StandIn, type StandInOptions } from "./stand-in.ts";

const dense = { size: 2, distance: "Cosine" };

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The result, or the error's sentence. */
  readonly result: unknown;
}

async function send(standIn: StandIn, method: string, path: string, body?: unknown): Promise<Answer> {
  const response = await fetch(standIn.url + path, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as {
    readonly result?: unknown;
    readonly status: { error?: string };
  };
  return {
    status: response.status,
    retryAfter: response.headers.get("retry-after"),
    result: answer.result ?? answer.status.error,
  };
}

/** A stand-in with the collection `c`. */
async function startWithCollection(options?: StandInOptions, settings?: object): Promise<StandIn> {
  const standIn = await startStandIn(options);
  await send(standIn, "PUT", "/collections/c", { vectors: { dense }, ...settings });
  standIn.requests.length = 0;
  return standIn;
}

function upsert(standIn: StandIn, ids: readonly number[], parameters = "?wait=true"): Promise<Answer> {
  const points = ids.map((id) => ({ id, vector: { dense: [1, 0] }, payload: { id } }));
  return send(standIn, "PUT", `/collections/c/points${parameters}`, { points });
}

const updateStatus = async (answer: Promise<Answer>) => ((await answer).result as { status: string }).status;
const storedIds = (standIn: StandIn) => standIn.points("c").map(({ id }) => id);

describe("faults of the stand-in", () => {
  it("cut a connection before or after an update was applied", async () => {
    await using standIn = await startWithCollection();
    standIn.fault({ kind: "cut" });
    standIn.fault({ kind: "cut-after-apply" });
    await assert.rejects(upsert(standIn, [1]));
    assert.deepEqual(storedIds(standIn), []);
    await assert.rejects(upsert(standIn, [2]));
    assert.deepEqual(storedIds(standIn), [2]);
    assert.equal((await upsert(standIn, [3])).status, 200);
  });

  it("answer with any status, with and without Retry-After, as often as they are told to", async () => {
    await using standIn = await startWithCollection();
    standIn.fault({ kind: "status", status: 429, retryAfter: "57", times: 2 });
    standIn.fault({ kind: "status", status: 429 });
    standIn.fault({ kind: "status", status: 507, message: "No room." });
    const answers: Answer[] = [];
    for (let id = 1; id <= 5; id++) answers.push(await upsert(standIn, [id]));
    assert.deepEqual(
      answers.map(({ status, retryAfter }) => [status, retryAfter]),
      [
        [429, "57"],
        [429, "57"],
        [429, null],
        [507, null],
        [200, null],
      ],
    );
    assert.equal(answers[3]?.result, "No room.");
    assert.deepEqual(storedIds(standIn), [5]);
  });

  it("meet only the requests they are meant for, which are all in the log", async () => {
    await using standIn = await startWithCollection();
    standIn.fault({ kind: "status", status: 503, when: ({ operation }) => operation === "count_points" });
    await upsert(standIn, [1]);
    assert.equal((await send(standIn, "POST", "/collections/c/points/count", {})).status, 503);
    assert.deepEqual((await send(standIn, "POST", "/collections/c/points/count", {})).result, { count: 1 });
    assert.deepEqual(
      standIn.requests.map(({ operation, bytes, query }) => [operation, bytes, query]),
      [
        ["upsert_points", 65, { wait: "true" }],
        ["count_points", 2, {}],
        ["count_points", 2, {}],
      ],
    );
  });

  it("delay an answer", async () => {
    await using standIn = await startWithCollection();
    standIn.fault({ kind: "delay", ms: 40 });
    const delayed = upsert(standIn, [1]);
    while (standIn.requests.length < 1) await new Promise(setImmediate);
    assert.deepEqual(storedIds(standIn), []);
    await delayed;
    assert.deepEqual(storedIds(standIn), [1]);
  });

  it("apply an update late: acknowledged, timed out while waiting, or completed, always in turn", async () => {
    await using standIn = await startWithCollection({ secondMs: 20 });
    const { promise: until, resolve: apply } = Promise.withResolvers<void>();
    standIn.fault({ kind: "late", until, times: 2 });
    assert.equal(await updateStatus(upsert(standIn, [1], "")), "acknowledged");
    assert.equal(await updateStatus(upsert(standIn, [2], "?wait=true&timeout=1")), "wait_timeout");
    assert.deepEqual(storedIds(standIn), []);
    const info = await send(standIn, "GET", "/collections/c");
    assert.deepEqual((info.result as { update_queue: unknown }).update_queue, { length: 2 });
    const third = updateStatus(upsert(standIn, [3]));
    apply();
    assert.equal(await third, "completed");
    assert.deepEqual(storedIds(standIn), [1, 2, 3]);
  });

  it("end with the server", async () => {
    const standIn = await startWithCollection();
    standIn.fault({ kind: "delay", ms: 60_000 });
    standIn.fault({ kind: "late", until: new Promise(() => {}) });
    const delayed = assert.rejects(upsert(standIn, [1]));
    while (standIn.requests.length < 1) await new Promise(setImmediate);
    const late = assert.rejects(upsert(standIn, [2]));
    while (standIn.requests.length < 2) await new Promise(setImmediate);
    await standIn[Symbol.asyncDispose]();
    await delayed;
    await late;
    assert.deepEqual(storedIds(standIn), []);
  });
});

describe("violations of the stand-in", () => {
  const cases: readonly (readonly [string, string, string, unknown, number])[] = [
    [
      "a member that the client does not know",
      "PUT",
      "/collections/c/points",
      { points: [], wiat: true },
      400,
    ],
    [
      "one deep in a filter",
      "POST",
      "/collections/c/points/count",
      { filter: { must: { key: "a", mtach: 1 } } },
      400,
    ],
    ["a query parameter of another request", "POST", "/collections/c/points/count?wait=true", {}, 400],
    ["a query parameter that is no number", "POST", "/collections/c/points/count?timeout=soon", {}, 400],
    ["a body where none belongs", "DELETE", "/collections/c", {}, 400],
    [
      "what the stand-in does not serve",
      "POST",
      "/collections/c/points/query",
      { query: { sample: "random" } },
      501,
    ],
  ];
  for (const [what, method, path, body, status] of cases) {
    it(`name ${what}`, async () => {
      await using standIn = await startWithCollection();
      const answer = await send(standIn, method, path, body);
      assert.equal(answer.status, status, String(answer.result));
      assert.equal(standIn.violations.length, 1);
      assert.ok(standIn.violations[0]?.startsWith(`${method} ${path}: `), standIn.violations[0]);
    });
  }

  it("name an unknown route, and nothing else", async () => {
    await using standIn = await startWithCollection();
    assert.equal((await fetch(`${standIn.url}/collections/c/point`, { method: "POST" })).status, 404);
    await upsert(standIn, [1]);
    assert.deepEqual(standIn.violations, [
      "POST /collections/c/point: no operation of the API that the stand-in serves",
    ]);
  });
});

describe("limits of the stand-in", () => {
  it("refuse a body that is too large, in words that clients look for", async () => {
    await using standIn = await startWithCollection({ maxBodyBytes: 200 });
    const refused = await upsert(standIn, [1, 2, 3, 4]);
    assert.equal(refused.status, 400);
    assert.match(String(refused.result), /larger than allowed/);
    assert.equal((await upsert(standIn, [1, 2])).status, 200);
    assert.deepEqual([storedIds(standIn), standIn.violations], [[1, 2], []]);
  });

  it("fill a rate's bucket again with time, and let no write in that is larger than it", async () => {
    let now = 0;
    const strict_mode_config = { enabled: true, write_rate_limit: 4 };
    await using standIn = await startWithCollection({ now: () => now }, { strict_mode_config });
    const write = async (ids: readonly number[]) => {
      const { status, retryAfter } = await upsert(standIn, ids);
      return [status, retryAfter];
    };
    // A write is charged twice.
    assert.deepEqual(await write([1, 2]), [200, null]);
    assert.deepEqual(await write([3]), [429, "15"]);
    now = 30_000;
    assert.deepEqual(await write([3]), [200, null]);
    now = 3_000_000;
    assert.deepEqual(await write([1, 2, 3, 4, 5]), [429, null]);
    assert.deepEqual(storedIds(standIn), [1, 2, 3]);
  });
});

describe("filters of the stand-in", () => {
  const payloads = [
    { tags: ["a", "b"], size: 1, at: "2026-01-01" },
    { tags: [], size: 2.5, at: "2026-01-01T12:00:00+02:00" },
    { tags: null, deep: { name: "x" } },
    { tags: ["b", null], deep: [{ name: "y" }, { name: "x" }], at: "no date" },
  ];
  const cases: readonly (readonly [object, readonly number[]])[] = [
    [{}, [0, 1, 2, 3]],
    [{ must: { key: "tags", match: { value: "b" } } }, [0, 3]],
    [{ must: { key: "tags", match: { any: ["a", "z"] } } }, [0]],
    [{ must: { key: "tags", match: { except: ["b"] } } }, [0]],
    [{ must_not: [{ key: "tags", match: { value: "b" } }] }, [1, 2]],
    [{ must: { is_empty: { key: "tags" } } }, [1, 2]],
    [{ must: { is_null: { key: "tags" } } }, [2, 3]],
    [{ must: { key: "deep.name", match: { value: "x" } } }, [2, 3]],
    [{ must: { key: "deep[].name", match: { value: "y" } } }, [3]],
    [{ must: { key: "size", range: { gt: 1, lte: 2.5 } } }, [1]],
    [{ must: { key: "at", range: { lt: "2026-01-01T10:00:00Z" } } }, [0]],
    [{ must: { key: "at", range: { gte: "2026-01-01T10:00:00Z" } } }, [1]],
    [{ must: [{ has_id: [] }] }, []], // as in Qdrant's own core, qdrant-edge-py 0.9.0
    [{ must: [{ has_id: [1, 3, 9] }, { has_vector: "dense" }] }, [1]],
    [{ should: [{ has_id: [0] }, { must: [{ has_id: [2, 3] }], must_not: [{ has_id: [3] }] }] }, [0, 2]],
    [
      {
        min_should: {
          conditions: [{ has_id: [0, 1] }, { has_id: [1, 2] }, { has_id: [1, 2] }],
          min_count: 2,
        },
      },
      [1, 2],
    ],
  ];
  it("choose points as Qdrant's filters do", async () => {
    await using standIn = await startWithCollection();
    const points = payloads.map((payload, id) => ({ id, vector: id < 3 ? { dense: [1, id] } : {}, payload }));
    await send(standIn, "PUT", "/collections/c/points", { points });
    for (const [filter, ids] of cases) {
      const { result } = await send(standIn, "POST", "/collections/c/points/scroll", { filter, limit: 10 });
      const found = (result as { points: readonly { id: number }[] }).points.map(({ id }) => id);
      assert.deepEqual(found, ids, JSON.stringify(filter));
    }
    assert.deepEqual(standIn.violations, []);
  });
});
