import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { open, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { describeFilters, parseFilter } from "../../src/cli/filter.ts";
import { OptionsError } from "../../src/errors.ts";
import { createForager } from "../../src/forager.ts";
import { forager, jsonLines, temporaryFolder } from "./run-forager.ts";

describe("questions on the command line", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let data: string;
  let questions: string;
  before(async () => {
    folder = await temporaryFolder();
    data = join(folder.path, "index");
    questions = join(folder.path, "questions.txt");
    await writeFile(questions, "Where is the kedge?\nHow heavy is the kedge?\n");
    await using made = createForager({ dataDir: data, embedder: "none" });
    await made.add([{ id: "notes", text: "The kedge is a light anchor. It weighs 12 kg." }]);
  });
  after(() => folder[Symbol.asyncDispose]());

  for (const command of ["ask", "search"]) {
    it(`are named above what each of a file was given: ${command}`, async () => {
      const { code, out } = await forager(command, "--queries-file", questions, "--data-dir", data);
      assert.equal(code, 0);
      assert.deepEqual(
        out.split("\n").filter((line) => line.startsWith(">")),
        ["> Where is the kedge?", "> How heavy is the kedge?"],
      );
    });

    it(`come from a file or the command, not both: ${command}`, async () => {
      const { code, out, err } = await forager(
        command,
        "kedge",
        "--queries-file",
        questions,
        "--data-dir",
        data,
      );
      assert.equal(code, 2);
      assert.equal(out, "");
      assert.match(err, /give one or the other/);
    });

    it(`that no page may answer say which pages were looked at: ${command}`, async () => {
      const { code, err } = await forager(command, "kedge", "--filter", "language=de", "--data-dir", data);
      assert.equal(code, 0);
      assert.match(
        err,
        /Only pages with language=de were looked at\. Pages that do not state their language are left out\./,
      );
    });
  }

  it("with a misspelt word are answered as they were meant, which is told", async () => {
    const asked = ["ask", "How heavy is the small ancohr, the kedge?", "--data-dir", data] as const;
    const { out } = await forager(...asked);
    assert.match(out, /It weighs 12 kg/);
    assert.match(out, /Note: Searched for "anchor" in place of "ancohr", which no page has\./);
    const [answer] = jsonLines((await forager(...asked, "--json")).out);
    assert.deepEqual(answer?.["corrections"], [{ written: "ancohr", read: "anchor", kind: "spelling" }]);
    assert.equal(answer["question"], "How heavy is the small ancohr, the kedge?");
    const [found] = jsonLines((await forager("search", "ancohr kedge", "--data-dir", data, "--json")).out);
    assert.deepEqual(found?.["corrections"], answer["corrections"]);
  });

  it("that are piped in are told that a conversation needs a terminal", async () => {
    const { code, err } = await forager("ask", "--data-dir", data);
    assert.equal(code, 2);
    assert.match(err, /a conversation needs a terminal/);
  });

  it("whose answer cannot be written say so", { skip: process.platform !== "linux" }, async () => {
    await using full = await open("/dev/full", "w");
    const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
    const child = spawn(process.execPath, [main, "search", "kedge", "--data-dir", data], {
      stdio: ["ignore", full.fd, "pipe"],
    });
    let err = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (err += text));
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 1);
    assert.match(err, /The result cannot be written: .*ENOSPC/);
  });
});

describe("filters on the command line", () => {
  it("refuse a range that ends before it begins", () => {
    assert.throws(
      () => parseFilter(["publishedAt=2027-01-01..2026-01-01"]),
      (error) => error instanceof OptionsError && error.message.includes("ends before it begins"),
    );
    assert.ok(parseFilter(["publishedAt=2026-01-01..2026-01-01"]));
  });

  const hints: readonly [readonly string[], string][] = [
    [[], ""],
    [["host=a.example:8080"], " Only pages with host=a.example:8080 were looked at."],
    [
      ["host=a.example", "format=pdf"],
      " Only pages with host=a.example and format=pdf were looked at. A host on a port of its own is named with it, as in a.example:8080.",
    ],
    [
      ["publishedAt=2026-01-01.."],
      " Only pages with publishedAt=2026-01-01.. were looked at. Pages that do not state their date are left out.",
    ],
  ];
  for (const [filters, hint] of hints)
    it(`say what ${filters.join(" and ") || "no filter"} leaves out`, () => {
      assert.equal(describeFilters(filters), hint);
    });
});
