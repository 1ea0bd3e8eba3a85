import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../src/clock.ts";
import {
  coordinationSchema,
  coordinationUpgrades,
  createSqliteBackend,
} from "../src/coordination/backends/sqlite/index.ts";
import { Database } from "../src/database.ts";
import { StoreError } from "../src/errors.ts";

const schema = ["CREATE TABLE IF NOT EXISTS note(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT"];

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "forager-database-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const add = (database: Database, text: string) =>
  database.prepare("INSERT INTO note(text) VALUES(?)").run(text);
const notes = (database: Database) =>
  database
    .prepare("SELECT text FROM note ORDER BY id")
    .all()
    .map((row) => row["text"]);
const storeError = (text: RegExp) => (error: unknown) =>
  error instanceof StoreError && text.test(error.message);
const isBusy = (error: unknown) => storeError(/is busy/)(error) && (error as StoreError).retryable;

describe("database", () => {
  it("names a file that turns out damaged while it is read", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    {
      using database = new Database(path, { schema });
      database.writeNow(() => {
        for (let i = 0; i < 2_000; i += 1) add(database, `note ${i}`);
      });
    }
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xa5, 3 * 4_096));
    using database = new Database(path, { schema });
    assert.throws(() => database.snapshot(() => notes(database)), storeError(/is damaged/));
  });

  it("undoes only the write that throws, and hands its own error back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 150 }), async (fates) => {
        using database = new Database(":memory:", { schema });
        const writes = fates.map((isGood, index) =>
          database.write(() => {
            add(database, `${index}`);
            if (!isGood) throw new RangeError(`${index}`);
            return index;
          }),
        );
        const results = await Promise.allSettled(writes);
        for (const [index, result] of results.entries()) {
          if (fates[index]) assert.equal(result.status === "fulfilled" && result.value, index);
          else assert.ok(result.status === "rejected" && result.reason instanceof RangeError);
        }
        assert.deepEqual(
          notes(database),
          fates.flatMap((isGood, index) => (isGood ? [`${index}`] : [])),
        );
      }),
      { numRuns: 20 },
    );
  });

  it("tells every writer of a group when its commit fails, and keeps nothing of it", async () => {
    using database = new Database(":memory:", {
      schema: [
        ...schema,
        "CREATE TABLE child(note INTEGER REFERENCES note(id) DEFERRABLE INITIALLY DEFERRED) STRICT",
      ],
    });
    const results = await Promise.allSettled([
      database.write(() => add(database, "kept?")),
      database.write(() => database.prepare("INSERT INTO child VALUES(99)").run()),
    ]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ["rejected", "rejected"],
    );
    assert.deepEqual(notes(database), []);
    await database.write(() => add(database, "the next one"));
    assert.deepEqual(notes(database), ["the next one"]);
  });

  it("lets a write ask for another, which comes after it", async () => {
    using database = new Database(":memory:", { schema });
    let inner: Promise<unknown> | undefined;
    await database.write(() => {
      inner = database.write(() => add(database, "second"));
      add(database, "first");
    });
    await inner;
    assert.deepEqual(notes(database), ["first", "second"]);
  });

  it("commits what waits when it is closed, and refuses writes afterwards", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    const database = new Database(path, { schema });
    const writes = Array.from({ length: 100 }, (_, index) => database.write(() => add(database, `${index}`)));
    database.close();
    await Promise.all(writes);
    await assert.rejects(
      database.write(() => add(database, "late")),
      storeError(/is closed/),
    );
    using again = new Database(path, { schema });
    assert.equal(notes(again).length, 100);
  });

  it("says that the disk is full, keeps what was committed, and goes on when there is room", async () => {
    using folder = temporaryFolder();
    using database = new Database(join(folder.path, "data.db"), { schema });
    await database.write(() => add(database, "before"));
    const limit = (pages: number) => database.prepare(`PRAGMA max_page_count=${pages}`).get();
    limit(1);
    const large = "x".repeat(100_000);
    const results = await Promise.allSettled([
      database.write(() => add(database, "small")),
      database.write(() => add(database, large)),
    ]);
    const refused = results.find(({ status }) => status === "rejected");
    assert.ok(refused?.status === "rejected" && storeError(/disk is full/)(refused.reason));
    assert.throws(() => database.writeNow(() => add(database, large)), storeError(/disk is full/));
    limit(1_000_000);
    await database.write(() => add(database, large));
    assert.deepEqual([notes(database)[0], notes(database).at(-1)], ["before", large]);
  });

  it("says that another process is writing, and that trying again can help", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    using database = new Database(path, { schema });
    database.prepare("PRAGMA busy_timeout=20").get();
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(
      database.write(() => add(database, "x")),
      isBusy,
    );
    assert.throws(() => database.writeNow(() => add(database, "x")), isBusy);
    other.exec("COMMIT");
    other.close();
    await database.write(() => add(database, "x"));
    assert.deepEqual(notes(database), ["x"]);
  });

  it("reads one state of the file while another process writes", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    using writer = new Database(path, { schema });
    using reader = new Database(path, { schema, isReadOnly: true });
    writer.writeNow(() => add(writer, "before"));
    reader.snapshot(() => {
      assert.deepEqual(notes(reader), ["before"]);
      writer.writeNow(() => add(writer, "meanwhile"));
      assert.deepEqual(notes(reader), ["before"]);
    });
    assert.deepEqual(notes(reader), ["before", "meanwhile"]);
    assert.throws(() => reader.writeNow(() => add(reader, "x")), storeError(/read-only/));
  });

  it("C52: refuses a file of a later version, and does not touch it", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    using database = new Database(path, { schema });
    database.writeNow(() => database.prepare("UPDATE meta SET value = '99' WHERE key = 'schema'").run());
    const newer = { schema: ["CREATE TABLE added(x)"] };
    assert.throws(() => new Database(path, newer), storeError(/later Forager.*99/));
    assert.equal(
      database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'added'").get()?.["n"],
      0,
    );
  });

  it("C52: brings a file of an earlier version up to date, and keeps what is in it", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    writeLayout1(path);
    const options = { schema: [coordinationSchema], upgrades: coordinationUpgrades };
    for (const round of ["upgraded", "opened again"]) {
      using database = new Database(path, options);
      assert.equal(
        database.prepare("SELECT value FROM meta WHERE key = 'schema'").get()?.["value"],
        "4",
        round,
      );
      const tasks = database
        .prepare(
          "SELECT id, kind, priority, run, dedupe, state, at, fence, attempt, input, result, error FROM task",
        )
        .all()
        .map((row) => Object.values(row).join("|"));
      assert.deepEqual(tasks, [
        '3|read|2|7|key|ready|10|0|0|{"origin":"a"}|null|',
        "4|read|0|||dead|20|2|1|1|null|cannot be read",
        "6|fetch|1|||done|30|1|1|2|5|",
      ]);
      const { tasks: queue } = createSqliteBackend({ database, clock: systemClock });
      assert.deepEqual(queue.counts("read"), { ready: 1, leased: 0, done: 0, dead: 1, cancelled: 0 });
      assert.deepEqual(
        queue.dead({ limit: 9 }).map(({ id, history }) => [id, history]),
        [[4, []]],
      );
    }
    using database = new Database(path, options);
    const { tasks } = createSqliteBackend({ database, clock: systemClock });
    // 8 was given once, to a task that is gone.
    assert.deepEqual(
      database.writeNow(() => tasks.insert([{ kind: "read", input: 0 }])),
      [9],
    );
  });

  it("leaves a file of an earlier version as it is when it cannot be brought up to date, and says what to do", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    writeLayout1(path);
    const before = readFileSync(path);
    const isTooOld = storeError(
      /earlier Forager \(layout 1, this one uses 4\).*Open it once where it may be written/,
    );
    assert.throws(() => new Database(path, { schema: [coordinationSchema], isReadOnly: true }), isTooOld);
    assert.throws(() => new Database(path, { schema: ["CREATE TABLE added(x)"] }), isTooOld);
    const broken = {
      schema: [coordinationSchema],
      upgrades: { 1: "DROP TABLE task; SELECT * FROM nowhere" },
    };
    assert.throws(() => new Database(path, broken), /nowhere/);
    assert.ok(readFileSync(path).equals(before));
  });

  it("refuses what is no data file", () => {
    using folder = temporaryFolder();
    const text = join(folder.path, "text.db");
    writeFileSync(text, "not a database, but long enough to be looked at. ".repeat(100));
    assert.throws(() => new Database(text, { schema }), storeError(/is no Forager data file/));
    const foreign = join(folder.path, "foreign.db");
    new DatabaseSync(foreign).exec("CREATE TABLE other(x)");
    assert.throws(
      () => new Database(foreign, { schema, isReadOnly: true }),
      storeError(/is no Forager data file/),
    );
    assert.throws(() => new Database(join(text, "below.db"), { schema }), storeError(/cannot be written/));
    assert.throws(
      () => new Database(join(folder.path, "missing.db"), { schema, isReadOnly: true }),
      storeError(/cannot be opened/),
    );
  });

  it("writes nothing once its fence is down, and goes on when the fence is lifted", async () => {
    using database = new Database(":memory:", { schema });
    let isOurs = true;
    const fence = database.fence(() => {
      if (!isOurs) throw new StoreError("taken over");
    });
    await database.write(() => add(database, "ours"));
    isOurs = false;
    const isFenced = storeError(/^taken over$/);
    await assert.rejects(
      database.write(() => add(database, "late")),
      isFenced,
    );
    assert.throws(() => database.writeNow(() => add(database, "late")), isFenced);
    assert.deepEqual(notes(database), ["ours"]);
    fence[Symbol.dispose]();
    await database.write(() => add(database, "again"));
    assert.deepEqual(notes(database), ["ours", "again"]);
  });

  it("says that a folder is read-only", () => {
    using folder = temporaryFolder();
    const tried = inReadOnlyFolder(folder.path, "new Database(path, { schema: [] })");
    assert.match(tried, /^StoreError .*cannot be opened/);
  });

  it("reads a file that was closed well where nothing can be made beside it", () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "data.db");
    {
      using database = new Database(path, { schema });
      database.writeNow(() => add(database, "kept"));
    }
    chmodSync(path, 0o644);
    const read =
      'console.log(new Database(path, { schema: [], isReadOnly: true }).prepare("SELECT text FROM note").get().text)';
    assert.equal(inReadOnlyFolder(folder.path, read), "kept\n");
  });
});

/** A data file as the version before task dependencies wrote it. */
function writeLayout1(path: string): void {
  using file = new DatabaseSync(path);
  file.exec(`
PRAGMA journal_mode=WAL;
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
INSERT INTO meta VALUES('schema', '1');
CREATE TABLE task(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, priority INTEGER NOT NULL, run INTEGER, dedupe TEXT,
  state TEXT NOT NULL CHECK(state IN ('ready','delayed','leased','done','dead','cancelled')),
  at INTEGER NOT NULL, fence INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL, starts INTEGER NOT NULL DEFAULT 0,
  input TEXT NOT NULL, result TEXT NOT NULL DEFAULT 'null', error TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX task_ready ON task(kind, priority) WHERE state = 'ready';
CREATE INDEX task_oldest ON task(kind) WHERE state = 'ready';
CREATE INDEX task_delayed ON task(kind, at) WHERE state = 'delayed';
CREATE INDEX task_leased ON task(at) WHERE state = 'leased';
CREATE INDEX task_dead ON task(id) WHERE state = 'dead';
CREATE UNIQUE INDEX task_dedupe ON task(kind, dedupe)
  WHERE dedupe IS NOT NULL AND state IN ('ready','delayed','leased');
CREATE TABLE task_count(
  kind TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(kind, state)) STRICT, WITHOUT ROWID;
CREATE TRIGGER task_counted AFTER INSERT ON task BEGIN
  INSERT INTO task_count VALUES(new.kind, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER task_recounted AFTER UPDATE OF state ON task WHEN old.state <> new.state BEGIN
  UPDATE task_count SET count = count - 1 WHERE kind = old.kind AND state = old.state;
  INSERT INTO task_count VALUES(new.kind, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
INSERT INTO task(id, kind, priority, run, dedupe, state, at, max_attempts, input)
VALUES(3, 'read', 2, 7, 'key', 'ready', 10, 3, '{"origin":"a"}'), (8, 'read', 2, 7, NULL, 'ready', 10, 3, '0');
INSERT INTO task(id, kind, priority, state, at, fence, attempt, max_attempts, input, error)
VALUES(4, 'read', 0, 'dead', 20, 2, 1, 3, '1', 'cannot be read');
INSERT INTO task(id, kind, priority, state, at, fence, attempt, max_attempts, input, result)
VALUES(6, 'fetch', 1, 'done', 30, 1, 1, 3, '2', '5');
DELETE FROM task WHERE id = 8`);
}

/** What `code` prints, or the error it throws, in a process that may only read the folder. */
function inReadOnlyFolder(folder: string, code: string): string {
  const program = `
    const { Database } = await import(${JSON.stringify(new URL("../src/database.ts", import.meta.url).href)});
    const path = process.argv[1];
    try { ${code} } catch (error) { console.log(error.name, error.message) }`;
  // Nothing is read-only to root: there the attempt is made as nobody.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  chmodSync(folder, 0o555);
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", program, join(folder, "data.db")], {
    encoding: "utf8",
    ...nobody,
  });
  chmodSync(folder, 0o755);
  assert.equal(child.status, 0, child.stderr);
  return child.stdout;
}
