import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Block, BlockKind } from "../../src/document.ts";
import { statementsBetween } from "../../src/rag/text/statements.ts";

function pageOf(parts: readonly (readonly [BlockKind, string])[]) {
  const blocks: Block[] = [];
  let text = "";
  for (const [kind, words] of parts) {
    if (text !== "") text += "\n\n";
    blocks.push({
      kind,
      start: text.length,
      end: text.length + words.length,
      level: kind === "heading" ? 2 : 0,
    });
    text += words;
  }
  return { text, blocks };
}

function read(parts: readonly (readonly [BlockKind, string])[]) {
  const page = pageOf(parts);
  const statements = [...statementsBetween(page, { start: 0, end: page.text.length })];
  return statements.map(({ start, end, ...rest }) => ({ quote: page.text.slice(start, end), ...rest }));
}

const settings = "work_mem (integer)\nSets the memory. It is 4MB.\nport (integer)\nThe port. It is 5432.";

describe("statements", () => {
  it("join a term with what says it, and know for each sentence of an entry what it is about", () => {
    const statements = read([["list", settings]]);
    assert.deepEqual(
      statements.map(({ quote, about }) => [quote, about]),
      [
        ["work_mem (integer)\nSets the memory.", ""],
        ["It is 4MB.", "work_mem (integer)"],
        ["port (integer)\nThe port.", ""],
        ["It is 5432.", "port (integer)"],
      ],
    );
  });

  it("belong to no entry after the list, or under the next heading", () => {
    for (const kind of ["list", "paragraph"] as const) {
      const parts = [
        [kind, settings],
        ["heading", "Next"],
        ["paragraph", "Something else."],
      ] as const;
      assert.equal(read(parts).at(-1)?.about, "");
    }
  });

  it("are all rows of a table whose first row is an entry like the others", () => {
    const statements = read([["table", "Height\t98 m\nFloors\t26"]]);
    assert.deepEqual(
      statements.map(({ quote, about }) => [quote, about]),
      [
        ["Height\t98 m", ""],
        ["Floors\t26", ""],
      ],
    );
  });

  it("are rows under their table's first row, and lines of code, in the order of the page", () => {
    const parts = [
      ["paragraph", "Types are many."],
      ["table", "Name\tSize\nbigint\t8 bytes\nsmallint\t2 bytes"],
      ["code", "print(1)"],
    ] as const;
    assert.deepEqual(
      read(parts).map(({ quote, about, kind }) => [quote, about, kind]),
      [
        ["Types are many.", "", "sentence"],
        ["bigint\t8 bytes", "Name\tSize", "row"],
        ["smallint\t2 bytes", "Name\tSize", "row"],
        ["print(1)", "", "code"],
      ],
    );
  });

  it("are only those that reach into the passage, whole, with the entry they belong to", () => {
    const page = pageOf([["list", settings]]);
    const start = page.text.indexOf("4MB");
    const [statement, ...others] = [...statementsBetween(page, { start, end: start + 3 })];
    assert.deepEqual(others, []);
    assert.equal(page.text.slice(statement?.start, statement?.end), "It is 4MB.");
    assert.equal(statement?.about, "work_mem (integer)");
  });

  it("join a term with what says it where a passage ends between the two", () => {
    const page = pageOf([
      ["heading", "Glossary"],
      ["paragraph", "decorator"],
      ["paragraph", "A function that returns another."],
      ["paragraph", "descriptor"],
      ["paragraph", "An object with rules."],
    ]);
    const quotes = (start: number, end: number) =>
      [...statementsBetween(page, { start, end })].map((statement) =>
        page.text.slice(statement.start, statement.end),
      );
    const entries = ["decorator\n\nA function that returns another.", "descriptor\n\nAn object with rules."];
    const ends = page.text.indexOf("\n\nAn object");
    assert.deepEqual(quotes(page.text.indexOf("A function"), ends), entries);
    assert.deepEqual(quotes(ends, page.text.length), entries.slice(1));
  });
});
