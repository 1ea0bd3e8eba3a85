import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { definingPassages } from "../../src/rag/answering/defining-passages.ts";
import { SubjectAsked } from "../../src/rag/answering/subject-asked.ts";
import type { StoredDocument } from "../../src/rag/chunk-store.ts";
import type { Hit } from "../../src/rag/retrieval/retrieve.ts";

const definition = "A lantern is a lamp to be carried.";

/** What is found on pages, each one list with what was found at its end. */
function foundOn(pages: readonly string[]): Hit[] {
  const hits = pages.map((text, documentId) => ({
    chunk: { documentId, start: text.length - 1, end: text.length, headingPath: "Lamps" },
    score: 1,
  }));
  const documents = pages.map(
    (text, id) =>
      [
        id,
        { id, document: { text, title: "Lamps", blocks: [{ kind: "list", start: 0, end: text.length }] } },
      ] as const,
  );
  const subject = SubjectAsked.of("What is a lantern?");
  assert.ok(subject);
  return definingPassages(
    subject,
    hits as unknown as Hit[],
    new Map(documents as unknown as (readonly [number, StoredDocument])[]),
  );
}

describe("passages that say what a thing is", () => {
  it("are looked for on all pages together in so many units", () => {
    const long = `It is lit${" by night".repeat(30_000)}.\n`;
    const next = `It is lit${" by night".repeat(2_000)}.\n${definition}\nIt is lit.`;
    assert.equal(foundOn([long, next]).length, 1);
    assert.equal(foundOn([long, long, next]).length, 0);
  });

  it("are looked for on all pages together in so many statements", () => {
    const items = "oil\n".repeat(3_500);
    const page = `${items}${definition}\nIt is lit.`;
    assert.equal(foundOn([items, `${definition}\nIt is lit.`]).length, 1);
    assert.equal(foundOn([items, page]).length, 0);
  });

  it("are three at most", () => {
    const page = `${definition}\nIt is lit by night.`;
    assert.equal(foundOn([page, page, page, page]).length, 3);
  });
});
