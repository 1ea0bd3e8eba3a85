import assert from "node:assert/strict";
import {
  openSync,
  closeSync,
  ftruncateSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { checkDatabase } from "../src/check-database.ts";
import { systemClock } from "../src/clock.ts";
import { Database } from "../src/database.ts";
import { createForager } from "../src/index.ts";

const { signal } = new AbortController();

describe("looking through a data file", () => {
  let folder: string;
  let path: string;
  const check = (clock = systemClock) => checkDatabase({ path, isReadOnly: false }, { clock }, signal);
  const damage = (from: number, to: number) => writeFileSync(path, readFileSync(path).fill(0xa5, from, to));
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "forager-check-"));
    path = join(folder, "forager.db");
    const schema = ["CREATE TABLE IF NOT EXISTS note(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"];
    using database = new Database(path, { schema });
    database.writeNow(() => {
      for (let i = 0; i < 2_000; i += 1)
        database.prepare("INSERT INTO note(text) VALUES(?)").run(`note ${i}`);
    });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("finds a sound one sound, and leaves nothing beside it", async () => {
    assert.deepEqual(await check(), { kind: "sound" });
    assert.deepEqual(readdirSync(folder), ["forager.db"]);
  });

  it("finds damage in the middle, of which nothing is seen when it is opened", async () => {
    damage(6 * 4_096, 7 * 4_096);
    new Database(path, { schema: [] }).close();
    const found = await check();
    assert.equal(found.kind, "damaged");
    assert.match(
      found.detail,
      /forager\.db is damaged \(.+\)\. Restore a copy, or start over with --fresh\.$/,
    );
  });

  it("says what is wrong where not even the first page can be read", async () => {
    damage(0, 4_096);
    const found = await check();
    assert.equal(found.kind, "damaged");
    assert.match(found.detail, /is no Forager data file/);
  });

  it("says what was not read in time, or is too much to read", async () => {
    let calls = 0;
    const late = { ...systemClock, now: () => (calls++ === 0 ? 0 : 60_000) };
    assert.deepEqual(await check(late), { kind: "unread", detail: "0 of 2 tables were read in time" });
    const file = openSync(path, "r+");
    ftruncateSync(file, 3e9); // a hole: it takes no room
    closeSync(file);
    assert.deepEqual(await check(), { kind: "unread", detail: "3.0 GB are too much to be read through" });
  });

  it("is part of what the doctor does", async () => {
    damage(6 * 4_096, 7 * 4_096);
    await using forager = createForager({ dataDir: folder, embedder: "none" });
    const index = (await forager.doctor()).find(({ what }) => what === "index");
    assert.equal(index?.isOk, false);
    assert.equal(index?.isNeeded, true);
    assert.match(index?.detail ?? "", /is damaged/);
  });
});
