import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import fc from "fast-check";
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

  it("refuses a file of a later version, and does not touch it", () => {
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
