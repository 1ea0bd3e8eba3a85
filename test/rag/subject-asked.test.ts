import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { definingPassages } from "../../src/rag/answering/defining-passages.ts";
import { isListing } from "../../src/rag/answering/listing.ts";
import { SubjectAsked } from "../../src/rag/answering/subject-asked.ts";
import type { StoredDocument } from "../../src/rag/chunk-store.ts";
import type { Hit } from "../../src/rag/retrieval/retrieve.ts";

type Told = "defines" | "acts" | "names" | "nothing";
const told: readonly (readonly [question: string, quote: string, term: string, told: Told])[] = [
  ["What is a savepoint?", "SAVEPOINTs are a method of creating transactions.", "", "defines"],
  ["What is a savepoint?", "A savepoint is created by its name.", "", "nothing"],
  ["What's type affinity?", "The type affinity of a column is the type that it likes.", "", "defines"],
  ["whats a savepoint", "SAVEPOINTs are a method of creating transactions.", "", "defines"],
  ["What is sqldiff?", "The sqldiff.exe binary is a program that compares.", "", "defines"],
  ["What is Massif?", "massif-visualizer is a viewer.", "", "nothing"],
  ["What does EACCES mean?", "EACCES means that you may not.", "", "defines"],
  ["What does VACUUM do?", "The VACUUM command rebuilds the database file.", "", "acts"],
  ["What is zip()?", "zip() is often used in loops.", "", "nothing"],
  ["What is a split?", "Each part of a transaction is called a split.", "", "names"],
  ["What is WAL?", "It has a write-ahead log.", "", "names"],
  ["What is a tablespace?", "Tablespace\nA named location.", "Tablespace", "defines"],
  ["What is MVCC?", "Many versions (MVCC)\nA way to read.", "Many versions (MVCC)", "defines"],
  ["What is the GIL?", "GIL\nSee global interpreter lock.", "GIL", "names"],
  ["What is the GIL?", "global interpreter lock\nA mechanism.", "global interpreter lock", "defines"],
  [
    "What is --red-size?",
    "--red-size=<number> [default: 16]\nBytes.",
    "--red-size=<number> [default: 16]",
    "defines",
  ],
  ["What does --check=full do?", "--check=<no|full>\nSearches.", "--check=<no|full>", "defines"],
  ["What does --check=full do?", "--check-size=<no|full>\nSearches.", "--check-size=<no|full>", "nothing"],
  ["What is an iterator?", "iterator.__next__()\nThe next item.", "iterator.__next__()", "nothing"],
];

/** A page of one section, found by its last sentence. */
function foundPage(sentences: readonly string[]) {
  const text = `Overview\n\n${sentences.join("\n\n")}`;
  let at = 0;
  const blocks = text.split("\n\n").map((part, index) => {
    const start = text.indexOf(part, at);
    at = start + part.length;
    return {
      kind: index === 0 ? ("heading" as const) : ("paragraph" as const),
      start,
      end: at,
      level: Number(index === 0),
    };
  });
  const last = blocks.at(-1) ?? { start: 0, end: 0 };
  const hit = {
    chunk: { documentId: 1, start: last.start, end: last.end, headingPath: "Lanterns" },
    score: 1,
  };
  const stored = { id: 1, document: { text, blocks, title: "Lanterns" } };
  return {
    hits: [hit] as unknown as Hit[],
    documents: new Map([[1, stored as unknown as StoredDocument]]),
  };
}

describe("a question for what something is", () => {
  for (const [question, quote, term, expected] of told) {
    it(`is ${expected === "nothing" ? "not answered" : `answered (${expected})`} by: ${quote.replace("\n", " ")}`, () => {
      const { defines = 0, acts = 0, names = 0 } = SubjectAsked.of(question)?.toldBy(quote, term) ?? {};
      assert.equal({ defines, acts, names, nothing: Number(defines + acts + names === 0) }[expected], 1);
    });
  }

  it("is none where something of a thing is asked for", () => {
    for (const question of [
      "What is the default port?",
      "What is the difference between a view and a table?",
      "How do I open a file?",
      "What is the capital of France?",
    ])
      assert.equal(SubjectAsked.of(question), undefined, question);
  });

  it("has its section by the heading, through those that only open one", () => {
    const subject = SubjectAsked.of("What is a partial index?");
    assert.equal(subject?.heads("Partial Indexes > 1. Introduction"), true);
    assert.equal(subject?.heads("Partial Indexes > 2. Syntax"), false);
  });

  it("reads where a page found says so, and nothing more where that was found", () => {
    const subject = SubjectAsked.of("What is a lantern?");
    assert.ok(subject);
    const far = foundPage([
      "A lantern is a light with a handle.",
      "Oil it once a year.",
      "A lantern can fall.",
    ]);
    const [passage, ...others] = definingPassages(subject, far.hits, far.documents);
    assert.deepEqual(others, []);
    assert.equal(passage?.chunk.headingPath, "Lanterns > Overview");
    assert.match(passage?.chunk.text ?? "", /^A lantern is a light/u);
    const near = foundPage(["Oil it once a year.", "A lantern is a light with a handle."]);
    assert.deepEqual(definingPassages(subject, near.hits, near.documents), []);
  });
});

describe("a listing", () => {
  it("is headings with their numbers, dots that lead to a page, or what turns pages", () => {
    for (const text of [
      "2.5.1. Backup file 2.5.2. Log file 2.5.3. Lock files",
      "Exporting accounts ............ 79",
      "5.2.9. cg_annotate Warnings",
      "<<< Prev Chapter 16. Depreciation Next >>>",
    ])
      assert.equal(isListing(text), true, text);
  });

  it("is no sentence that names versions, sections or the next step", () => {
    for (const text of [
      "Versions 3.6.1 and 3.7.0 differ, see section 2.1 Locks.",
      "Next, press Enter.",
      "And so on ...",
      "The default is 4.2 MB",
      "2.4 GHz processor",
      "2.4.1 Locks are released in time",
      "2.1. Locks are kept until the end.",
    ])
      assert.equal(isListing(text), false, text);
  });
});
