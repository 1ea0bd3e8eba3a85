import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createForager, type Forager } from "../../src/index.ts";
import { describeSearched } from "../../src/jobs/searched-status.ts";
import { forager as run, jsonLines, startForager, temporaryFolder } from "../cli/run-forager.ts";
import { startStandIn } from "../qdrant/stand-in.ts";

const lamp = { url: "https://a.example/lamp", title: "Lamps", text: "A lamp holds two litres of oil." };
const candle = { url: "https://a.example/candle", text: "A candle burns for nine hours." };

function open(dataDir: string, url: string): Forager {
  return createForager({ dataDir, qdrant: { url }, embedder: "none" });
}

const never = () => new Promise<never>(() => {});

async function checkOf(forager: Forager, name: string) {
  return (await forager.doctor()).find(({ what }) => what === name);
}

describe("the status of a Qdrant that is searched", () => {
  it("says what waits for it, from before it has an index until it has everything", async () => {
    await using folder = await temporaryFolder();
    await using standIn = await startStandIn();
    const alone = open(folder.path, "");
    await alone.add([lamp, candle]);
    assert.equal((await alone.status()).searched, undefined);
    await alone.close();
    await using forager = open(folder.path, standIn.url);
    const at = { server: `Qdrant at ${standIn.url}`, collection: "forager", isReachable: true };
    const { detail, ...missing } = (await forager.status()).searched ?? {};
    assert.deepEqual(missing, { ...at, isSearched: false, waiting: 2, fedAt: "" });
    assert.match(detail ?? "", /There is no index forager in Qdrant .* migrate --to qdrant/);
    assert.match((await checkOf(forager, "Qdrant's feed"))?.detail ?? "", /^2 documents wait to be sent/);

    standIn.fault({
      kind: "status",
      status: 507,
      when: ({ operation }) => operation === "update_collection",
    });
    await assert.rejects(forager.migrate({ to: "qdrant" }));
    const unfinished = (await forager.status()).searched;
    assert.deepEqual([unfinished?.isSearched, unfinished?.waiting], [false, 0]);
    assert.match(unfinished?.detail ?? "", /still being filled/);
    assert.equal((await checkOf(forager, "Qdrant's feed"))?.isOk, false);

    const before = Date.now();
    await forager.migrate({ to: "qdrant" });
    await forager.add([{ ...candle, text: "A candle burns for ten hours." }]);
    const { fedAt = "", ...whole } = (await forager.status()).searched ?? {};
    assert.deepEqual(whole, { ...at, isSearched: true, detail: "", waiting: 0 });
    assert.ok(Date.parse(fedAt) >= before);
    assert.deepEqual(await checkOf(forager, "Qdrant's feed"), {
      what: "Qdrant's feed",
      isOk: true,
      isNeeded: false,
      detail: `has everything, last fed ${fedAt}`,
    });
    assert.deepEqual(standIn.violations, []);
  });

  it("says how much waits for one that does not answer, and since when, on the command line too", async () => {
    await using folder = await temporaryFolder();
    const standIn = await startStandIn();
    {
      await using forager = open(folder.path, standIn.url);
      await forager.add([lamp]);
      await standIn[Symbol.asyncDispose]();
      await assert.rejects(forager.add([candle]));
    }
    const environment = { QDRANT_URL: standIn.url, FORAGER_EMBEDDER: "none" };
    const words = ["status", "--data-dir", folder.path];
    const [shown, told] = await Promise.all([
      startForager(words, { environment }).ended,
      startForager([...words, "--json"], { environment }).ended,
    ]);
    assert.match(
      shown.out,
      /^Qdrant at http:.*, collection forager: not reachable; 1 document waits to be sent, last fed 20.*Z\n {2}The data folder is searched in its place\. .*cannot be reached/m,
    );
    const { searched } = jsonLines(told.out)[0] as { searched: { waiting: number; isReachable: boolean } };
    assert.deepEqual([searched.waiting, searched.isReachable], [1, false]);
    const { out } = await run("status", "--data-dir", folder.path);
    assert.doesNotMatch(out, /Qdrant/);
  });

  it("does not wait for one that is silent", async () => {
    const store = { name: "Qdrant at nowhere", place: "forager in Qdrant at nowhere", look: never };
    const feed = { lag: () => ({ waiting: 3, fedAt: 0 }) };
    assert.deepEqual(await describeSearched({ store, collection: "forager", feed, probe: never }), {
      server: "Qdrant at nowhere",
      collection: "forager",
      isReachable: false,
      isSearched: false,
      detail: "Asking Qdrant at nowhere how it stands took longer than 2000 ms.",
      waiting: 3,
      fedAt: "1970-01-01T00:00:00.000Z",
    });
  });
});
