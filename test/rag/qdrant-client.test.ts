import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { MissingError, StoreError } from "../../src/errors.ts";
import { createLog } from "../../src/log.ts";
import { batches } from "../../src/rag/stores/qdrant/batches.ts";
import { checkQdrant } from "../../src/rag/stores/qdrant/checks.ts";
import { QdrantConnection } from "../../src/rag/stores/qdrant/client.ts";
import { QdrantOptions, addressOf } from "../../src/rag/stores/qdrant/options.ts";
import { QdrantError, type QdrantErrorCode } from "../../src/rag/stores/qdrant/qdrant-error.ts";
import { readVersion } from "../../src/rag/stores/qdrant/version.ts";
import {
  type Answer,
  type Asked,
  cut,
  raw,
  refusal,
  result,
  serve,
  silence,
  written,
} from "./qdrant-server.ts";

const count = result({ count: 3 });
const point = (id: string, text = "") => ({ id, vector: { dense: [1, 0] }, payload: { text } });
const many = (length: number) => Array.from({ length }, (_, index) => point(`id-${index}`));
const idsOf = ({ body }: Asked) => (body["points"] as { id: string }[]).map(({ id }) => id);
const isError = (code: QdrantErrorCode, message: RegExp, isRetryable: boolean) => (error: unknown) => {
  assert.ok(error instanceof QdrantError && error instanceof StoreError, inspect(error));
  assert.equal(error.code, code);
  assert.match(error.message, message);
  assert.equal(error.retryable, isRetryable);
  return true;
};

/** Lets one search through at a time. */
const oneSearch: Answer = (response, asked, socket) => {
  const searches = asked.body["searches"] as { limit: number }[];
  const answer =
    searches.length > 1
      ? refusal(429, "request larger than rate limiter capacity")
      : result(searches.map(({ limit }) => ({ points: [{ id: `${limit}`, version: 0, score: 1 }] })));
  answer(response, asked, socket);
};

/** A collection that has so many changes to make yet. */
const queue = (length: number) => result({ update_queue: { length }, config: {} });

/** A collection that was made so. */
const found = (size: number, embedder: string) =>
  result({
    status: "green",
    points_count: 7,
    config: {
      params: {
        vectors: { dense: { size, distance: "Cosine" } },
        sparse_vectors: { bm25: { modifier: "idf" } },
      },
      metadata: { embedder, bm25: { k: 1.2, b: 0.75 }, note: "more" },
    },
  });

const version = (text: string) => raw(200, JSON.stringify({ title: "qdrant", version: text }));
const collection = (embedder: string, status = "green") =>
  result({ status, points_count: 7, config: { params: {}, metadata: { embedder } } });
const look = async (...answers: Answer[]) => {
  await using server = await serve(answers);
  const checks = await checkQdrant(server.connection, {
    collection: "forager",
    metadata: { embedder: "x" },
  });
  return checks.map(({ what, isOk, detail }) => `${isOk ? "ok" : "no"} ${what}: ${detail}`).join("\n");
};

describe("Qdrant: what an answer means", () => {
  const limit = 'Bad request: Limit exceeded 17 > 16 for "upsert limit". Help: Reduce it to or below 16.';
  const html = { "content-type": "text/html" };
  // status, answer, tries in all, code, message, retryable
  const table: [string, Answer, number, QdrantErrorCode, RegExp, boolean][] = [
    ["400", refusal(400, "Wrong input: no such vector"), 1, "qdrant-refused", /no such vector/, false],
    [
      "400 by strict mode",
      refusal(400, limit),
      1,
      "qdrant-refused",
      new RegExp(limit.replaceAll(/[.()>]/g, ".")),
      false,
    ],
    [
      "400 of a body that is too large",
      refusal(400, "JSON payload (40000000 bytes) is larger than allowed (limit: 33554432 bytes)."),
      1,
      "qdrant-too-large",
      /larger than allowed.*maxBatchBytes/,
      false,
    ],
    [
      "401",
      raw(401, "Must provide an API key"),
      1,
      "qdrant-key",
      /provide an API key.*QDRANT_API_KEY/,
      false,
    ],
    [
      "403",
      refusal(403, "Forbidden: manage access"),
      1,
      "qdrant-key",
      /manage access.*QDRANT_API_KEY/,
      false,
    ],
    ["404", refusal(404, "Not found: Collection"), 1, "qdrant-missing", /Not found: Collection/, false],
    ["404 of another server", raw(404, ""), 1, "qdrant-answer", /QDRANT_URL/, false],
    ["408", refusal(408, "Timeout"), 3, "qdrant-timeout", /timeoutMs/, true],
    ["409", refusal(409, "already exists"), 1, "qdrant-conflict", /already exists/, false],
    ["413 of a proxy", raw(413, "<html>", html), 1, "qdrant-too-large", /maxBatchBytes/, false],
    [
      "422",
      refusal(422, "Validation error"),
      1,
      "qdrant-refused",
      /Validation error.*fault in Forager/,
      false,
    ],
    ["429 that must be split", refusal(429, "please split"), 1, "qdrant-too-large", /please split/, false],
    ["429 of a proxy", raw(429, "<html>", html), 4, "qdrant-rate-limited", /429/, true],
    ["500", refusal(500, "Service internal error"), 4, "qdrant-server", /internal error.*4 times/, true],
    ["503", refusal(503, "Shard unavailable"), 4, "qdrant-server", /Shard unavailable/, true],
    ["502 of a proxy", raw(502, "<html>", html), 4, "qdrant-server", /502/, true],
    ["507", refusal(507, "Quota exceeded"), 1, "qdrant-quota", /Quota exceeded.*room/, false],
    ["a redirect", raw(302, "", { location: "/elsewhere" }), 1, "qdrant-answer", /on to .elsewhere/, false],
    ["202", raw(202, '{"status":"accepted"}'), 1, "qdrant-answer", /status 202/, false],
    ["a page", raw(200, "<html>Welcome</html>", html), 1, "qdrant-answer", /text.html.*QDRANT_URL/, false],
    [
      "half of JSON",
      raw(200, '{"result":', { "content-type": "application/json" }),
      1,
      "qdrant-answer",
      /QDRANT_URL/,
      false,
    ],
    ["JSON without a result", raw(200, '{"ok":true}'), 1, "qdrant-answer", /without a result/, false],
    ["a cut connection", cut, 4, "qdrant-unreachable", /other side closed|ECONNRESET/, true],
    [
      "a cut answer",
      (response, _asked, socket) => {
        response.writeHead(200, { "content-length": "100", "content-type": "application/json" });
        response.write('{"result":', () => socket.destroy());
      },
      4,
      "qdrant-unreachable",
      /broke off/,
      true,
    ],
    ["an answer without end", raw(200, "x".repeat(5_000)), 1, "qdrant-answer", /maxAnswerBytes/, false],
  ];
  for (const [name, answer, tries, code, message, isRetryable] of table) {
    it(`${name} is ${code}, after ${tries} tries`, async () => {
      await using server = await serve(answer, { maxAnswerBytes: 2_000 });
      await assert.rejects(server.connection.points.count("forager"), isError(code, message, isRetryable));
      assert.equal(server.asked.length, tries);
    });
  }

  it("writes go on after what passes, the same each time", async () => {
    await using server = await serve([refusal(408, "Timeout"), cut, refusal(503, "busy"), written]);
    await server.connection.points.upsert("forager", [point("a")]);
    assert.deepEqual(server.asked.map(idsOf), [["a"], ["a"], ["a"], ["a"]]);
  });

  it("reads go on after what passes", async () => {
    await using server = await serve([refusal(503, "busy"), cut, refusal(500, "no"), count]);
    assert.equal(await server.connection.points.count("forager"), 3);
    assert.equal(server.slept(), 500 + 500 + 2_000); // each kind of failure has waits of its own
  });

  it("names the cause when nothing listens there", async () => {
    const server = await serve(count);
    await server[Symbol.asyncDispose]();
    const { clock, url } = server;
    await using connection = new QdrantConnection(
      { clock, log: createLog("silent", () => {}), random: () => 0.5 },
      QdrantOptions.parse({ url }),
    );
    await assert.rejects(
      connection.points.count("forager"),
      isError("qdrant-unreachable", /ECONNREFUSED.*Is it running/, true),
    );
    assert.equal(server.slept(), 10_500);
  });
});

describe("Qdrant: rate limits", () => {
  it("waits the 57 seconds it is asked to", async () => {
    await using server = await serve([refusal(429, "limit", { "retry-after": "57" }), count]);
    assert.equal(await server.connection.points.count("forager"), 3);
    assert.ok(server.slept() >= 57_000 && server.slept() < 58_000, String(server.slept()));
  });

  it("waits again and again as long as the deadline leaves time", async () => {
    const busy = refusal(429, "limit", { "retry-after": "20" });
    await using server = await serve([...Array.from({ length: 6 }, () => busy), written]);
    await server.connection.points.upsert("forager", [point("a")]);
    assert.equal(server.asked.length, 7);
  });

  it("says when to come back when the deadline comes first", async () => {
    await using server = await serve(refusal(429, "Read rate limit", { "retry-after": "57" }), {
      readDeadlineMs: 5_000,
    });
    await assert.rejects(server.connection.points.count("forager"), (error) => {
      isError("qdrant-rate-limited", /Read rate limit.*in 57 s, at 2026-01-01T00:00:57/, true)(error);
      assert.equal((error as QdrantError).retryAt, Date.UTC(2026, 0, 1, 0, 0, 57));
      return true;
    });
    assert.equal(server.asked.length, 1);
  });

  it("takes a date, too", async () => {
    const at = new Date(Date.UTC(2026, 0, 1, 0, 0, 9)).toUTCString();
    await using server = await serve([refusal(429, "limit", { "retry-after": at }), count]);
    await server.connection.points.count("forager");
    assert.ok(server.slept() >= 9_000 && server.slept() < 10_000);
  });

  it("an abort ends the wait with its own reason", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const sleep = (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        stop.abort(reason);
      });
    await using server = await serve(
      refusal(429, "limit", { "retry-after": "10" }),
      {},
      { clock: { now: () => 0, sleep } },
    );
    await assert.rejects(
      server.connection.points.count("forager", undefined, stop.signal),
      (error) => error === reason,
    );
  });
});

describe("Qdrant: batches", () => {
  it("splits what is larger than allowed until it passes, in order, each point once", async () => {
    const small: Answer = (response, asked, socket) =>
      (idsOf(asked).length > 3 ? refusal(400, "JSON payload (9 bytes) is larger than allowed") : written)(
        response,
        asked,
        socket,
      );
    await using server = await serve(small);
    await server.connection.points.upsert("forager", many(10));
    const passed = server.asked.filter((asked) => idsOf(asked).length <= 3);
    assert.deepEqual(
      passed.flatMap(idsOf),
      many(10).map(({ id }) => id),
    );
  });

  it("splits what a rate limit never lets pass, searches too", async () => {
    await using server = await serve(oneSearch);
    const found = await server.connection.points.queryBatch(
      "forager",
      [1, 2, 3].map((limit) => ({ limit })),
    );
    assert.deepEqual(
      found.map((points) => points.map(({ id }) => id)),
      [["1"], ["2"], ["3"]],
    );
    assert.equal(server.slept(), 0);
  });

  it("keeps to its limits and to three writes at once", async () => {
    let running = 0;
    let most = 0;
    const full = Promise.withResolvers<void>();
    const answer = async (...args: Parameters<Answer>) => {
      most = Math.max(most, ++running);
      if (most === 3) full.resolve();
      await full.promise;
      await delay(5); // for a fourth that is not to come
      running--;
      written(...args);
    };
    const slow: Answer = (...args) => void answer(...args);
    await using server = await serve(slow, { maxBatchPoints: 4, maxBatchBytes: 2_000 });
    await server.connection.points.upsert("forager", [...many(20), point("large", "x".repeat(1_950))]);
    assert.equal(server.asked.length, 6);
    assert.ok(server.asked.every((asked) => asked.bytes <= 2_100 && idsOf(asked).length <= 4));
    assert.equal(most, 3);
  });

  it("the first failure ends the others", async () => {
    await using server = await serve([refusal(422, "bad"), silence], { maxBatchPoints: 1 });
    await assert.rejects(server.connection.points.upsert("forager", many(50)), /bad/);
    assert.ok(server.asked.length <= 6);
  });

  it("of two points with one id the later is sent", async () => {
    await using server = await serve(written);
    await server.connection.points.upsert("forager", [point("a", "old"), point("b"), point("a", "new")]);
    const [asked] = server.asked;
    assert.ok(asked);
    assert.deepEqual(idsOf(asked).sort(), ["a", "b"]);
    assert.match(JSON.stringify(asked.body), /new/);
  });

  it("nothing is sent for no points at all", async () => {
    await using server = await serve(written);
    const { points } = server.connection;
    await points.upsert("forager", []);
    await points.updateVectors("forager", []);
    await points.delete("forager", { points: [] });
    await points.setPayload("forager", { points: [] }, { gen: 1 });
    await points.batchUpdate("forager", [{ upsert: { points: [] } }, { delete: { points: [] } }]);
    assert.deepEqual(await points.retrieve("forager", { ids: [] }), []);
    assert.deepEqual(await points.queryBatch("forager", []), []);
    assert.equal(server.asked.length, 0);
  });

  it("batches keep every item once, in order, within the limits unless an item alone is larger", () => {
    const texts = fc.array(fc.jsonValue({ maxDepth: 2 }), { maxLength: 40 });
    const holds = fc.property(
      texts,
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 10, max: 100 }),
      (items, maxItems, maxBytes) => {
        const cutUp = [...batches(items, { maxItems, maxBytes })];
        assert.deepEqual(cutUp.flat(), items);
        for (const batch of cutUp) {
          const bytes = batch.reduce<number>(
            (sum, item) => sum + Buffer.byteLength(JSON.stringify(item)) + 1,
            0,
          );
          assert.ok(
            batch.length > 0 && batch.length <= maxItems && (bytes <= maxBytes || batch.length === 1),
          );
        }
      },
    );
    fc.assert(holds);
  });
});

describe("Qdrant: writes", () => {
  it("every write waits, and says so", async () => {
    await using server = await serve(written);
    const { points, collections } = server.connection;
    const filter = { must: [{ key: "doc_id", match: { value: "d" } }] };
    await points.upsert("forager", [point("a")]);
    await points.updateVectors("forager", [{ id: "a", vector: { dense: [0, 1] } }]);
    await points.setPayload("forager", { filter }, { gen: 2 });
    await points.delete("forager", { filter });
    await points.batchUpdate("forager", [{ delete: { filter } }]);
    await collections.createPayloadIndex("forager", "doc_id", "keyword");
    assert.deepEqual(
      server.asked.map(({ method, path, query }) => `${method} ${path} ${query.get("wait")}`),
      [
        "PUT /collections/forager/points true",
        "PUT /collections/forager/points/vectors true",
        "POST /collections/forager/points/payload true",
        "POST /collections/forager/points/delete true",
        "POST /collections/forager/points/batch true",
        "PUT /collections/forager/index true",
      ],
    );
  });

  it("what is taken but not done yet is waited for, not sent again", async () => {
    await using server = await serve([
      result({ operation_id: 1, status: "wait_timeout" }),
      queue(5),
      queue(1),
      queue(0),
    ]);
    await server.connection.points.upsert("forager", [point("a")]);
    assert.deepEqual(
      server.asked.map(({ method }) => method),
      ["PUT", "GET", "GET", "GET"],
    );
  });

  const boundless: [string, object][] = [
    ["no condition", {}],
    ["empty lists", { must: [], should: [], must_not: [] }],
    ["a filter of nothing inside", { must: [{ should: [] }] }],
    ["null", { must: null }],
    ["an empty condition", { must: [{}] }],
    ["one choice that is everything", { should: [{ key: "a", match: { value: 1 } }, { must: [] }] }],
    ["exceptions alone", { must_not: [{ has_id: ["a"] }] }],
    ["none of two needed", { min_should: { conditions: [{ key: "a", match: { value: 1 } }], min_count: 0 } }],
  ];
  for (const [name, filter] of boundless) {
    it(`does not delete by a filter with ${name}`, async () => {
      await using server = await serve(written);
      const { points } = server.connection;
      const isRefused = isError("qdrant-refused", /every point/, false);
      await assert.rejects(points.delete("forager", { filter }), isRefused);
      await assert.rejects(points.batchUpdate("forager", [{ delete: { filter } }]), isRefused);
      await assert.rejects(points.setPayload("forager", { filter }, { gen: 1 }), isRefused);
      assert.equal(server.asked.length, 0);
    });
  }
});

describe("Qdrant: collections", () => {
  const config = {
    vectors: { dense: { size: 4, distance: "Cosine" as const, on_disk: false } },
    sparse_vectors: { bm25: { modifier: "idf" as const } },
    metadata: { embedder: "x", bm25: { k: 1.2 } },
  };
  const exists = refusal(409, "Wrong input: Collection already exists!");

  it("one that is there and agrees is as good as made", async () => {
    await using server = await serve([exists, found(4, "x")]);
    assert.equal(await server.connection.collections.create("forager_v1", config), "existed");
  });

  it("one that is there and differs is refused, each difference named", async () => {
    await using server = await serve([exists, found(8, "y")]);
    await assert.rejects(
      server.connection.collections.create("forager_v1", config),
      isError("qdrant-conflict", /vectors.dense.size is 8, not 4; metadata.embedder is "y", not "x"/, false),
    );
  });

  it("one that is not there is undefined", async () => {
    await using server = await serve(refusal(404, "Not found: Collection"));
    assert.equal(await server.connection.collections.get("forager"), undefined);
  });

  it("an alias moves in one request", async () => {
    const aliases = result({ aliases: [{ alias_name: "forager", collection_name: "forager_v1" }] });
    await using server = await serve([aliases, result(true)]);
    await server.connection.collections.switchAlias("forager", "forager_v2");
    assert.deepEqual(server.asked[1]?.body, {
      actions: [
        { delete_alias: { alias_name: "forager" } },
        { create_alias: { collection_name: "forager_v2", alias_name: "forager" } },
      ],
    });
  });

  it("are listed by how they begin", async () => {
    await using server = await serve(
      result({ collections: [{ name: "b" }, { name: "a_v2" }, { name: "a_v1" }] }),
    );
    assert.deepEqual(await server.connection.collections.names("a_"), ["a_v1", "a_v2"]);
  });
});

describe("Qdrant: waiting", () => {
  it("an abort ends a call under way with its own reason, and the server sees it go", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    await using server = await serve((_response, _asked, socket) => {
      socket.on("close", () => resolve());
      stop.abort(reason);
    });
    const call = server.connection.points.count("forager", undefined, stop.signal);
    await assert.rejects(call, (error) => error === reason);
    await closed;
    assert.equal(server.asked.length, 1);
  });

  it("an abort ends writes that wait for their turn", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    await using server = await serve(() => stop.abort(reason), { maxBatchPoints: 1, writesAtOnce: 1 });
    await assert.rejects(
      server.connection.points.upsert("forager", many(9), stop.signal),
      (error) => error === reason,
    );
    assert.equal(server.asked.length, 1);
  });

  it("a slow answer is asked for again with more time, then given up", async () => {
    const told: string[] = [];
    const log = createLog("warn", (line) => told.push(line));
    await using server = await serve(silence, { timeoutMs: 100, readDeadlineMs: 60_000 }, { log });
    await assert.rejects(
      server.connection.points.count("forager"),
      isError("qdrant-timeout", /longer than 400 ms.*timeoutMs.*Tried 3 times/, true),
    );
    assert.deepEqual(
      told.map((line) => /longer than \d+ ms/.exec(line)?.[0]),
      ["longer than 100 ms", "longer than 200 ms"],
    );
  });

  it("Qdrant is told to give up before we do", async () => {
    await using server = await serve(count, { timeoutMs: 10_000 });
    await server.connection.points.count("forager");
    assert.equal(server.asked[0]?.query.get("timeout"), "9");
  });

  it("closing ends what is under way and leaves no socket", async () => {
    await using server = await serve(silence, { writesAtOnce: 1, maxBatchPoints: 1 });
    const { connection, sockets } = server;
    const read = assert.rejects(
      connection.points.count("forager"),
      isError("qdrant-closed", /closed/, false),
    );
    const write = assert.rejects(
      connection.points.upsert("forager", many(3)),
      isError("qdrant-closed", /closed/, false),
    );
    while (server.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
    await connection[Symbol.asyncDispose]();
    await Promise.all([read, write]);
    while (sockets.size > 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await assert.rejects(connection.points.count("forager"), isError("qdrant-closed", /closed/, false));
  });
});

describe("Qdrant: address, key, package", () => {
  const addresses: [string, string, number, string][] = [
    ["http://127.0.0.1", "http://127.0.0.1", 6333, ""],
    ["http://127.0.0.1:7000/", "http://127.0.0.1", 7000, ""],
    ["https://host.example:443/qdrant/", "https://host.example", 443, "/qdrant"],
    ["http://[::1]", "http://[::1]", 6333, ""],
    ["http://[::1]:80", "http://[::1]", 80, ""],
  ];
  for (const [text, url, port, prefix] of addresses) {
    it(`${text} is ${url}, port ${port}, path ${prefix || "none"}`, () => {
      assert.deepEqual(addressOf(text), { url, port, prefix });
    });
  }

  it("a path in the address comes before every request's own", async () => {
    await using server = await serve(count);
    await using connection = new QdrantConnection(
      { clock: server.clock, log: createLog("silent", () => {}) },
      QdrantOptions.parse({ url: `${server.url}/behind/a/proxy/` }),
    );
    await connection.points.count("a b");
    assert.equal(server.asked[0]?.path, "/behind/a/proxy/collections/a%20b/points/count");
  });

  const bad = [
    { url: "ftp://host" },
    { url: "http://user:secret@host" },
    { url: "http://host?key=secret" },
    { collection: "a/b" },
    { collection: "" },
    { collection: "x".repeat(241) },
    { timeout: 3 },
  ];
  for (const options of bad) {
    it(`refuses ${inspect(options).slice(0, 60)}`, () =>
      assert.ok(!QdrantOptions.safeParse(options).success));
  }

  it("sends the key, and shows it nowhere", async () => {
    const lines: string[] = [];
    const log = createLog("debug", (line) => lines.push(line));
    const apiKey = "s3cret-key";
    await using server = await serve(
      [refusal(503, "busy"), raw(401, "Invalid API key")],
      { apiKey },
      { log },
    );
    await assert.rejects(server.connection.points.count("forager"), (error) => {
      assert.doesNotMatch(inspect(error, { depth: 9 }), /s3cret/);
      return true;
    });
    assert.equal(server.asked[0]?.headers["api-key"], apiKey);
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines.join() + inspect(server.connection, { depth: 9, showHidden: true }), /s3cret/);
  });

  it("nothing is loaded before the first call, and a missing package says what to install", async () => {
    let loads = 0;
    const load = () => {
      loads++;
      return Promise.reject(new Error("Cannot find package"));
    };
    await using server = await serve(count, {}, { load });
    assert.equal(loads, 0);
    await assert.rejects(server.connection.points.count("forager"), (error) => {
      return error instanceof MissingError && /npm install @qdrant.js-client-rest/.test(error.message);
    });
  });
});

describe("Qdrant: version and doctor", () => {
  const versions: [string, RegExp | undefined, boolean][] = [
    ["1.15.3", /1\.15\.3 is too old.*1\.15\.4/, false],
    ["1.15.4", undefined, false],
    ["1.16.9", undefined, false],
    ["1.17.0", undefined, true],
    ["v1.20.0-dev", undefined, true],
    ["2.0.0", /newer than/, true],
    ["main", /cannot be read/, true],
  ];
  for (const [text, problem, hasWeightedRrf] of versions) {
    it(`${text} is ${problem ? "told apart" : "fine"}`, () => {
      const version = readVersion(text);
      assert.equal(version.hasWeightedRrf, hasWeightedRrf);
      if (problem) assert.match(version.problem ?? "", problem);
      else assert.equal(version.problem, undefined);
    });
  }

  it("all is well", async () => {
    assert.match(
      await look(version("1.18.3"), collection("x")),
      /^ok Qdrant: .*\nok Qdrant's version: 1.18.3\nok Qdrant's key: accepted\nok .*7 points, green\nok Qdrant's index: made/,
    );
  });

  const troubles: [string, Answer[], RegExp][] = [
    ["it is not there", [cut], /^no Qdrant: .*cannot be reached/],
    ["it is something else", [raw(200, '{"hello":1}')], /^no Qdrant: .*no version/],
    [
      "it is too old",
      [version("1.9.0"), collection("x")],
      /no Qdrant's version: .*too old.*\nok Qdrant's key/,
    ],
    [
      "the key is wrong",
      [version("1.18.3"), raw(401, "Invalid API key or JWT")],
      /no Qdrant's key: .*QDRANT_API_KEY/,
    ],
    [
      "there is no collection yet",
      [version("1.18.3"), refusal(404, "Not found")],
      /ok Qdrant's collection: .*first crawl/,
    ],
    [
      "the collection is broken",
      [version("1.18.3"), collection("x", "red")],
      /no Qdrant's collection: .*failed/,
    ],
    [
      "it is another index",
      [version("1.18.3"), collection("y")],
      /no Qdrant's index: .*embedder is "y", not "x"/,
    ],
  ];
  for (const [name, answers, expected] of troubles) {
    it(`doctor says that ${name}`, async () => assert.match(await look(...answers), expected));
  }

  it("doctor asks once whether it is there", async () => {
    await using server = await serve(cut);
    await checkQdrant(server.connection, { collection: "forager", metadata: {} });
    assert.equal(server.asked.length, 1);
  });
});
