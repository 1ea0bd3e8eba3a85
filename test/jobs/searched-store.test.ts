import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createForager, type Forager } from "../../src/index.ts";
import { StoreError } from "../../src/errors.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";
import { jsonLines, startForager, temporaryFolder } from "../cli/run-forager.ts";
import { startStandIn } from "../qdrant/stand-in.ts";
import { serveGeneratedSite } from "../sites/generated-site.ts";

function open(dataDir: string, url: string): Forager {
  return createForager(
    { dataDir, qdrant: { url } },
    { embedder: new HashingEmbedder({ dimensions: 16, isProven: true }) },
  );
}

const lamp = { url: "https://a.example/lamp", title: "Lamps", text: "A lamp holds two litres of oil." };

describe("a Qdrant that is searched in place of the data folder", () => {
  it("has what a crawl has when it ends, and nothing that has gone since", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    await using site = await serveGeneratedSite({ pages: 30, seed: 7 });
    await using forager = open(folder.path, standIn.url);
    const { documents, chunks } = await forager.crawl(`${site.origin}/`, { embed: "all" });
    const kinds = () => Map.groupBy(standIn.points("forager"), ({ payload }) => payload?.["kind"]);
    assert.equal(kinds().get("document")?.length, documents);
    assert.equal(kinds().get("chunk")?.length, chunks);
    assert.ok(
      kinds()
        .get("chunk")
        ?.every(({ payload }) => payload?.["embedded"] === true),
    );
    const before = standIn.requests.length;
    const { hits } = await forager.search("page", { limit: 3 });
    assert.equal(hits.length, 3);
    assert.ok(standIn.requests.length > before);
    const gone = hits[0]?.url ?? "";
    assert.equal(await forager.remove([gone]), 1);
    assert.ok((await forager.search("page", { limit: 50 })).hits.every(({ url }) => url !== gone));
    assert.deepEqual(standIn.violations, []);
  });

  it("is named where it does not answer, and the data folder answers in its place", async () => {
    await using folder = await temporaryFolder();
    const standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.add([lamp]);
    await standIn[Symbol.asyncDispose]();
    const { hits, notes } = await forager.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.match(notes.join(), /The data folder was searched instead: Qdrant at .* cannot be reached/);
    const answer = await forager.ask("How much oil does a lamp hold?");
    assert.equal(answer.notes.length, 1);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    await assert.rejects(elsewhere.search("lamp"), (error: Error) => {
      assert.ok(error instanceof StoreError);
      return /cannot be reached/.test(error.message);
    });
  });

  it("is named where it has no index yet, and the data folder answers in its place", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    {
      await using forager = open(folder.path, "");
      await forager.add([lamp]);
    }
    await using forager = open(folder.path, standIn.url);
    const { hits, notes } = await forager.search("lamp");
    assert.equal(hits[0]?.url, lamp.url);
    assert.match(notes.join(), /has no index named "forager" yet.*migrate --to qdrant/);
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    await assert.rejects(elsewhere.ask("What is a lamp?"), /has no index named "forager" yet/);
  });

  it("is told by its own variables, and needs no data folder to answer from", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn({ apiKey: "secret" });
    await using forager = createForager({
      dataDir: folder.path,
      embedder: "none",
      qdrant: { url: standIn.url, apiKey: "secret" },
    });
    await forager.add([lamp]);
    const words = ["search", "lamp", "--json", "--data-dir", `${folder.path}/none`];
    const environment = { FORAGER_EMBEDDER: "none", QDRANT_URL: standIn.url };
    const allowed = await startForager(words, { environment: { ...environment, QDRANT_API_KEY: "secret" } })
      .ended;
    assert.equal(allowed.code, 0, allowed.err);
    assert.deepEqual(
      jsonLines(allowed.out).map(({ hits }) => (hits as { url: string }[]).map(({ url }) => url)),
      [[lamp.url]],
    );
    const refused = await startForager(words, { environment }).ended;
    assert.equal(refused.code, 1);
    assert.match(refused.err, /QDRANT_API_KEY/);
    assert.doesNotMatch(refused.err + refused.out + allowed.err, /secret/);
  });

  it("refuses an index that another embedder made, and says what to do", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.add([lamp]);
    await using other = createForager(
      { dataDir: folder.path, qdrant: { url: standIn.url } },
      { embedder: new HashingEmbedder({ dimensions: 32 }) },
    );
    await assert.rejects(other.search("lamp"), /hashing\/16.*migrate --to qdrant --rebuild/);
    await other.migrate({ to: "qdrant", rebuild: true });
    await other.embed();
    assert.ok(standIn.points("forager").every(({ payload }) => payload?.["embedded"] !== false));
    assert.equal((await other.search("lamp")).hits[0]?.url, lamp.url);
  });
});
