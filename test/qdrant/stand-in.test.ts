import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { analyzeQuery } from "../../src/rag/text/analyzer.ts";
import { readFixture, type Recorded, type RecordedBm25, type Recording, replay } from "./replay.ts";
import { clientVersion } from "./request-check.ts";
import { startStandIn, type StandIn } from "./stand-in.ts";

// Holds the stand-in to what a real server answered. With QDRANT_URL, the address of a fresh server without keys, the same
// requests go there instead, and what the recording says is held against that server.

const realUrl = process.env["FORAGER_TEST_QDRANT_URL"];
const { server, requests, withKeys, leftOut } = await readFixture<Recording>("recorded.json");
const bm25 = await readFixture<RecordedBm25>("bm25.json");

if (realUrl) {
  console.log(`Replaying the answers of Qdrant ${server} against ${realUrl}. Left out:`);
  for (const { what, why } of leftOut) console.log(`- ${what}: ${why}`);
  for (const { what } of withKeys) console.log(`- ${what}: needs a server with keys`);
}

async function replayAll(url: string, recorded: readonly Recorded[]): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const one of recorded) differences.push(...(await replay(url, one)));
  return differences;
}

function put(url: string, path: string, body: unknown, method = "PUT"): Promise<Response> {
  return fetch(url + path, { method, body: JSON.stringify(body), headers: { "api-key": "secret" } });
}

describe(`recorded answers of Qdrant ${server}, sent to ${realUrl ?? "the stand-in"}`, () => {
  let standIn: StandIn | undefined;
  let url = realUrl ?? "";
  before(async () => {
    if (realUrl) return;
    // As a real server, which ignores members of a body that it does not know.
    standIn = await startStandIn({ strict: false });
    url = standIn.url;
  });
  after(async () => {
    await standIn?.[Symbol.asyncDispose]();
    if (!realUrl) return;
    for (const name of ["docs_v1", "docs_v2", "unnamed", "limited", "bm25"]) {
      await put(url, `/collections/${name}`, undefined, "DELETE");
    }
  });

  it("come again, request by request", async () => {
    assert.deepEqual(await replayAll(url, requests), []);
  });

  it("note as violations exactly what the recording sent wrongly", () => {
    const wrong = [
      "PUT /collections/bad",
      "PUT /collections/odd",
      "PUT /collections/docs_v1/index?wait=true",
      "POST /collections/docs_v1/points/query?timeout=10",
      "GET /nope",
      "POST /collections",
      "PUT /collections/docs_v1/points?wait=true",
      "PUT /collections/docs_v1/points?wait=true",
      "POST /collections/docs_v1/points/count",
    ];
    const noted = standIn?.violations.map((violation) => violation.split(": ")[0]);
    assert.deepEqual(noted ?? wrong, wrong);
  });

  it("give our analyzer's terms the scores of the server's own BM25", async () => {
    await put(url, "/collections/bm25", { sparse_vectors: { bm25: { modifier: "idf" } } });
    const points = bm25.documents.map(({ indices, values }, id) => ({
      id,
      vector: { bm25: { indices, values } },
    }));
    assert.equal((await put(url, "/collections/bm25/points?wait=true", { points })).status, 200);
    const searches = bm25.queries.map(({ text }) => {
      const indices = [...analyzeQuery(text).ids];
      return { query: { indices, values: indices.map(() => 1) }, using: "bm25", limit: 30 };
    });
    const recorded: Recorded = {
      what: "BM25",
      method: "POST",
      path: "/collections/bm25/points/query/batch",
      body: { searches },
      status: 200,
      contentType: "application/json",
      answer: bm25.queries.map(({ hits }) => ({
        points: hits.map(({ document, score }) => ({ id: document, version: 0, score })),
      })),
    };
    assert.deepEqual(await replay(url, recorded), []);
  });
});

describe("the stand-in", () => {
  it("asks for keys as the recorded server did", async () => {
    await using standIn = await startStandIn({ apiKey: "secret", readOnlyKey: "look" });
    for (const name of ["docs_v1", "docs_v2", "limited", "unnamed"]) {
      await put(standIn.url, `/collections/${name}`, { vectors: { size: 4, distance: "Cosine" } });
    }
    assert.deepEqual(await replayAll(standIn.url, withKeys), []);
  });

  it("holds requests to the types of the installed client", async () => {
    const manifest = new URL("../../node_modules/@qdrant/js-client-rest/package.json", import.meta.url);
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
    assert.equal(clientVersion, version, "Run scripts/qdrant-schema.ts again.");
  });
});
