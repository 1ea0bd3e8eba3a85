import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { MoveProgress } from "../../src/cli/migrate.ts";
import { systemClock } from "../../src/clock.ts";
import { DataFolder } from "../../src/data-folder.ts";
import { createForager, type Forager } from "../../src/index.ts";
import { type Calibration, readCalibration } from "../../src/rag/calibration/calibration.ts";
import { StoreError } from "../../src/errors.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";
import { temporaryFolder } from "../cli/run-forager.ts";
import { startProcess } from "../coordination/start-process.ts";
import { type StandIn, startStandIn } from "../qdrant/stand-in.ts";

const count = 150;
/** Pages of words that are all of different lengths and mixtures, so that no two hits of a question are equally good. */
const documents = Array.from({ length: count }, (_, at) => {
  const words = Array.from({ length: 12 + (at % 17) }, (_word, n) => `word${(at * 31 + n * n * 7) % 97}`);
  const half = Math.ceil(words.length / 2);
  return {
    url: `https://a.example/${at}`,
    title: `Page ${at}`,
    text: `Lamp ${at} has ${words.slice(0, half).join(" ")}.\n\nIt was lit by ${words.slice(half).join(" ")}.`,
  };
});
const embedder = () => new HashingEmbedder({ dimensions: 16, isProven: true });
const questions = ["word17 word40 word3", "word88 word51", "word9 word2 word64"];

function open(dataDir: string, url = ""): Forager {
  return createForager({ dataDir, qdrant: { url } }, { embedder: embedder() });
}

/** What is found, without what differs from store to store. */
async function answersOf(forager: Forager): Promise<unknown> {
  const found = await Promise.all(questions.map((question) => forager.search(question, { limit: 5 })));
  return found.map(({ hits, notes }) => ({
    notes,
    hits: hits.map(({ url, start, score }) => ({ url, start, score: Number(score.toFixed(4)) })),
  }));
}

async function filledFolder() {
  const folder = await temporaryFolder();
  await using forager = open(folder.path);
  await forager.add(documents);
  return { ...folder, answers: await answersOf(forager) };
}

/** Kills the process that works on the index after it has sent so many requests, again and again, then lets one finish. */
async function killAndFinish(folder: string, standIn: StandIn, task: string): Promise<void> {
  const start = () => startProcess("../jobs/index-process.ts", folder, standIn.url, task);
  for (const most of [2, 7, 15]) {
    const before = standIn.requests.length;
    await using process = start();
    const isOver = () => process.child.exitCode !== null || standIn.requests.length >= before + most;
    while (!isOver()) await delay(1);
    await process.kill();
  }
  await using last = start();
  await last.line("finished");
}

/** What was asked for with texts or vectors: the addresses of documents, or "passages" of any. */
function bodiesRead(standIn: StandIn): string[] {
  const points = standIn.points("forager");
  const urls = new Map(points.map(({ id, payload }) => [id, String(payload?.["url"])]));
  const bodies = standIn.requests.map(({ body }) => wantedIn(body));
  return bodies
    .filter(({ with_payload: payload, with_vector: vector }) => payload === true || Boolean(vector))
    .flatMap(({ ids }) => ids?.map((id) => urls.get(id) ?? id) ?? "passages");
}

interface WantedOfPoints {
  readonly ids?: readonly string[];
  readonly with_payload?: unknown;
  readonly with_vector?: unknown;
}

function wantedIn(body: unknown): WantedOfPoints {
  return typeof body === "object" && body !== null ? body : {};
}

/** What a folder keeps of a calibration. */
async function calibrationIn(path: string): Promise<Calibration | undefined> {
  using data = DataFolder.open(path, { isCreated: false, clock: systemClock, embedder: embedder() });
  const value = (await data.coordination.memory.get("calibration"))?.value;
  return readCalibration(value, embedder().id);
}

describe("moving the index", () => {
  it("to Qdrant and to an empty folder keeps what is found, with nothing embedded again", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    const done = await forager.migrate({ to: "qdrant" });
    assert.deepEqual([done.documents, done.moved, done.embedded], [count, count, done.chunks]);
    assert.deepEqual(await answersOf(forager), folder.answers);
    assert.equal((await forager.migrate({ to: "qdrant" })).moved, 0);
    await using empty = await temporaryFolder();
    {
      await using back = open(empty.path, standIn.url);
      const moved = await back.migrate({ to: "sqlite" });
      assert.deepEqual([moved.documents, moved.moved, moved.embedded], [count, count, done.embedded]);
      assert.equal((await back.migrate({ to: "sqlite" })).moved, 0);
    }
    await using alone = open(empty.path);
    assert.deepEqual(await answersOf(alone), folder.answers);
    assert.deepEqual(standIn.violations, []);
  });

  it("back to a folder tells how far it is, also where nothing has to be moved", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.migrate({ to: "qdrant" });
    const progress = new MoveProgress();
    const lines: string[] = [];
    forager.events.subscribe((event) => {
      progress.add(event);
      lines.push(progress.line);
    });
    await forager.migrate({ to: "sqlite" });
    assert.equal(lines.at(-1), `${count} of ${count} documents looked at, nothing to move so far`);
    progress.add({ type: "documents-fed", to: "the data folder", count: 2 });
    assert.equal(progress.line, `${count} of ${count} documents looked at, 2 documents to the data folder`);
  });

  it("back to a folder asks for no text and no vector of what is there already, nor of what differs in nothing that is kept", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.migrate({ to: "qdrant" });
    await using alone = open(folder.path);
    await alone.add([{ url: "https://a.example/only-here", text: "A lamp that only the folder has." }]);
    {
      using data = DataFolder.open(folder.path, {
        isCreated: false,
        clock: systemClock,
        embedder: embedder(),
      });
      await data.database.write(() => data.archive.touch("https://a.example/7", Date.now()));
    }
    standIn.requests.length = 0;
    assert.equal((await forager.migrate({ to: "sqlite" })).moved, 0);
    assert.deepEqual(bodiesRead(standIn), []);
    await alone.remove(["https://a.example/3"]);
    standIn.requests.length = 0;
    assert.equal((await forager.migrate({ to: "sqlite" })).moved, 1);
    assert.deepEqual(bodiesRead(standIn), ["https://a.example/3", "passages"]);
    assert.equal((await alone.document("https://a.example/3"))?.text, documents[3]?.text);
  });

  it("back to a folder brings the vectors that are lacking there, and leaves the page as the folder has it", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.migrate({ to: "qdrant" });
    await using bare = await temporaryFolder();
    {
      await using words = createForager({ dataDir: bare.path, embedder: "none" });
      await words.add(documents.slice(0, 40));
    }
    await using back = open(bare.path, standIn.url);
    const done = await back.migrate({ to: "sqlite" });
    assert.deepEqual([done.moved, done.documents, done.embedded], [count, count, done.chunks]);
    await using after = open(bare.path);
    assert.deepEqual(await answersOf(after), folder.answers);
  });

  it("back to a folder leaves there what was fetched later", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.migrate({ to: "qdrant" });
    await using alone = open(folder.path);
    const later = { ...documents[0], url: "https://a.example/0", text: "A later text of this page." };
    await alone.add([later]);
    assert.equal((await forager.migrate({ to: "sqlite" })).moved, 0);
    assert.equal((await alone.document(later.url))?.text, later.text);
  });

  it("lets a machine without a data folder search and ask", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.migrate({ to: "qdrant" });
    await using elsewhere = open(`${folder.path}/none`, standIn.url);
    assert.deepEqual(await answersOf(elsewhere), folder.answers);
    const { citations } = await elsewhere.ask("What has word17 and word40?");
    const document = await elsewhere.document(citations[0]?.url ?? "");
    assert.equal(document?.text.slice(citations[0]?.start, citations[0]?.end), citations[0]?.quote);
  });

  for (const [task, what] of [
    ["migrate", "a migration to Qdrant"],
    ["rebuild", "making the index anew"],
  ] as const) {
    it(`completes ${what} that was killed, with nothing lost or doubled`, async () => {
      await using folder = await filledFolder();
      await using standIn = await startStandIn();
      if (task === "rebuild") {
        await using forager = open(folder.path, standIn.url);
        await forager.migrate({ to: "qdrant" });
      }
      await killAndFinish(folder.path, standIn, task);
      await using forager = open(folder.path, standIn.url);
      assert.deepEqual(await answersOf(forager), folder.answers);
      const points = standIn.points("forager");
      assert.equal(new Set(points.map(({ id }) => id)).size, points.length);
      await using whole = open(folder.path);
      const { chunks, documents: kept } = (await whole.status()).index;
      assert.equal(points.length, chunks + kept);
      assert.deepEqual(standIn.violations, []);
    });
  }

  it("completes a deletion that was killed: what left the folder leaves Qdrant", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    {
      await using forager = open(folder.path, standIn.url);
      await forager.migrate({ to: "qdrant" });
    }
    await killAndFinish(folder.path, standIn, "remove");
    const urls = new Set(standIn.points("forager").map(({ payload }) => payload?.["url"]));
    assert.deepEqual(urls, new Set(documents.slice(100).map(({ url }) => url)));
  });

  it("completes a move back that was killed, with nothing lost or doubled", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    await forager.migrate({ to: "qdrant" });
    await using empty = await temporaryFolder();
    await killAndFinish(empty.path, standIn, "back");
    await using back = open(empty.path);
    assert.deepEqual(await answersOf(back), folder.answers);
    assert.deepEqual((await back.status()).index, (await forager.status()).index);
  });

  it("lets a calibration that was killed leave nothing behind, and the next one find what an undisturbed one finds", async () => {
    await using folder = await filledFolder();
    await using other = await filledFolder();
    for (const afterMs of [0, 20]) {
      await using process = startProcess("../jobs/index-process.ts", folder.path, "", "calibrate");
      await process.line("started");
      await delay(afterMs);
      await process.kill();
      const found = await calibrationIn(folder.path);
      assert.ok(found === undefined || found.queries > 0);
    }
    await using last = startProcess("../jobs/index-process.ts", folder.path, "", "calibrate");
    await last.line("finished");
    await using forager = open(other.path);
    const { reasons, chosenAt, ...undisturbed } = await forager.calibrate({ seed: 1, timeoutMs: 600_000 });
    assert.ok(reasons.length > 0 && chosenAt > 0);
    const found = await calibrationIn(folder.path);
    assert.deepEqual({ ...found, chosenAt: 0 }, { ...undisturbed, chosenAt: 0 });
  });

  it("keeps every page in the folder when Qdrant fails, says so, and sends it later", async () => {
    await using folder = await filledFolder();
    await using standIn = await startStandIn();
    await using forager = open(folder.path, standIn.url);
    standIn.fault({ kind: "status", status: 507, times: 1_000 });
    await assert.rejects(forager.add([{ url: "https://a.example/new", text: "A new lamp." }]), StoreError);
    assert.equal((await forager.status()).index.documents, count + 1);
    await using mended = await startStandIn();
    await using later = open(folder.path, mended.url);
    assert.equal((await later.migrate({ to: "qdrant" })).moved, count + 1);
  });
});
