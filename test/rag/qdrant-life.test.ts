import assert from "node:assert/strict";
import { it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { silentLog } from "../../src/log.ts";
import { checkQdrant } from "../../src/rag/stores/qdrant/checks.ts";
import { QdrantConnection } from "../../src/rag/stores/qdrant/client.ts";
import type { CollectionConfig } from "../../src/rag/stores/qdrant/differences.ts";
import { QdrantOptions } from "../../src/rag/stores/qdrant/options.ts";
import { startStandIn } from "../qdrant/stand-in.ts";

const id = (number: number) => `00000000-0000-5000-8000-00000000000${number}`;
const config: CollectionConfig = {
  vectors: { dense: { size: 4, distance: "Cosine" } },
  sparse_vectors: { bm25: { modifier: "idf" } },
  metadata: { schema: 1 },
  strict_mode_config: { enabled: true, max_timeout: 120, unindexed_filtering_update: false },
};

it("every call of the wrapper is one that the client's types allow and Qdrant answers", async () => {
  await using server = await startStandIn({ apiKey: "key" });
  await using connection = new QdrantConnection(
    { clock: systemClock, log: silentLog },
    QdrantOptions.parse({ url: server.url, apiKey: "key" }),
  );
  const { collections, points } = connection;

  assert.equal(await collections.create("pages_v1", config), "created");
  assert.equal(await collections.create("pages_v1", config), "existed");
  await assert.rejects(
    collections.create("pages_v1", { ...config, metadata: { schema: 2 } }),
    /schema is 1, not 2/,
  );
  await collections.createPayloadIndex("pages_v1", "doc_id", "keyword");
  await collections.updateMetadata("pages_v1", { filled: true });
  await collections.switchAlias("pages", "pages_v1");
  await collections.switchAlias("pages", "pages_v1");
  await collections.caughtUp("pages");
  assert.deepEqual(await collections.names("pages"), ["pages_v1"]);
  assert.deepEqual([...(await collections.aliases())], [["pages", "pages_v1"]]);

  const newPoints = [1, 2, 3].map((number) => ({
    id: id(number),
    vector: { dense: [1, number, 0, 0], bm25: { indices: [1, number + 5], values: [1, 2] } },
    payload: { doc_id: `d${number}` },
  }));
  await points.upsert("pages", newPoints);
  await points.updateVectors("pages", [{ id: id(1), vector: { dense: [0, 0, 0, 1] } }]);
  const filter = { must: [{ key: "doc_id", match: { value: "d3" } }] };
  await points.setPayload("pages", { points: [id(1)] }, { gen: 2 });
  await points.batchUpdate("pages", [
    { set_payload: { payload: { gen: 3 }, filter } },
    { delete: { points: [id(2)] } },
  ]);

  const dense = { query: [1, 3, 0, 0], using: "dense", limit: 5 };
  const sparse = { query: { indices: [8], values: [1] }, using: "bm25", limit: 5 };
  const rankings = await points.queryBatch("pages", [dense, { ...sparse, with_payload: ["doc_id"] }]);
  assert.deepEqual(
    rankings.map((ranking) => ranking.map((point) => point.id)),
    [[id(3), id(1)], [id(3)]],
  );
  const fused = { prefetch: [dense, sparse], query: { fusion: "rrf" as const }, limit: 3 };
  assert.equal((await points.query("pages", fused))[0]?.id, id(3));
  assert.deepEqual([await points.count("pages"), await points.count("pages", filter)], [2, 1]);
  const hits = await points.facet("pages", { key: "doc_id", limit: 9, exact: true });
  assert.deepEqual(hits.map(({ value }) => String(value)).sort(), ["d1", "d3"]);
  const [one] = await points.retrieve("pages", { ids: [id(1), id(9)], with_payload: true });
  assert.deepEqual(one?.payload, { doc_id: "d1", gen: 2 });
  const page = await points.scroll("pages", { limit: 1 });
  assert.deepEqual([page.points.length, page.next], [1, id(3)]);
  assert.equal((await points.scroll("pages", { limit: 1, offset: id(3) })).next, undefined);

  const checks = await checkQdrant(connection, { collection: "pages", metadata: { schema: 1 } });
  assert.ok(checks.length === 5 && checks.every(({ isOk }) => isOk));
  await points.delete("pages", { filter });
  assert.equal(await points.count("pages"), 1);
  assert.equal(await collections.delete("pages_v1"), true);
  assert.equal(await collections.get("pages"), undefined);
  assert.deepEqual(server.violations, []);
});
