import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { standaloneQuestion, type Turn } from "../../src/rag/answering/follow-up.ts";
import { ends } from "../ends.ts";

const turn = (question: string, answer = ""): Turn => ({ question, answer });

describe("a follow-up", () => {
  const cases: readonly [last: string, followUp: string, standalone: string, answer?: string][] = [
    ["How do I install Forager on Linux?", "And on Windows?", "How do I install Forager on Windows?"],
    ["How do I install Forager?", "And on Windows?", "How do I install Forager on Windows?"],
    [
      "Where are the settings kept on a Mac?",
      "What about on Linux?",
      "Where are the settings kept on Linux?",
    ],
    ["What does work_mem do?", "What about its default?", "What is the default of work_mem?"],
    ["What does work_mem do?", "And its default?", "What is the default of work_mem?"],
    ["What is the default of work_mem?", "And the maximum?", "What is the maximum of work_mem?"],
    ["What is the default of work_mem?", "What about wal_level?", "What is the default of wal_level?"],
    ["What does work_mem do?", "How do I change it?", "How do I change work_mem?"],
    [
      "What is the default port of the http.server module?",
      "How do I start it?",
      "How do I start the http.server module?",
    ],
    ["How do I create an index?", "How do I drop it?", "How do I drop an index?"],
    ["How do I list my accounts in the report?", "Can they be sorted?", "Can my accounts be sorted?"],
    ["When was GnuCash released?", "Who wrote it?", "Who wrote GnuCash?"],
    [
      "Who wrote heapq?",
      "When did he join the project?",
      "When did Kevin O'Connor join the project?",
      "It was written by Kevin O'Connor.",
    ],
    ["What is a partial index?", "When should I use one?", "When should I use one?"],
    ["What is a partial index?", "What are its limits?", "What are a partial index's limits?"],
    ["Is autovacuum on by default?", "Why?", "Why is autovacuum on by default?"],
    ["Can macros be nested?", "Since when?", "Since when can macros be nested?"],
    // Words in capitals are names, whatever they mean in lower case; an article alone is never what a question is about.
    [
      "What is a WITHOUT ROWID table?",
      "and what are its disadvantages?",
      "What are a WITHOUT ROWID table's disadvantages?",
    ],
    ["What is the IN operator?", "How fast is it?", "How fast is the IN operator?"],
    ["What is an ON CONFLICT clause?", "And its default?", "What is the default of an ON CONFLICT clause?"],
    ["What does the FROM clause do?", "Is it needed?", "Is the FROM clause needed?"],
    ["How do I make WITHOUT ROWID tables in SQLite?", "Are they fast?", "Are WITHOUT ROWID tables fast?"],
    ["What does ON CONFLICT do on Linux?", "And on Windows?", "What does ON CONFLICT do on Windows?"],
    ["What is a view in SQLite?", "What are its limits?", "What are a view's limits?"],
    ["What is a in algebra?", "What is its value?", "What is a in algebra's value?"],
    ["How many columns can a table have?", "What about a view?", "How many columns can a view have?"],
    ["Which lock does VACUUM take?", "And REINDEX?", "Which lock does REINDEX take?"],
    ["Does mod_ssl support TLS 1.3?", "And TLS 1.2?", "Does mod_ssl support TLS 1.2?"],
    ["What does work_mem do?", "Is it possible to nest macros?", "Is it possible to nest macros?"],
    [
      "What does work_mem do?",
      "How long does it take to build an index?",
      "How long does it take to build an index?",
    ],
    ["What does work_mem do?", "What is the capital of France?", "What is the capital of France?"],
    [
      "What does mod_rewrite do?",
      "Does that work in .htaccess files?",
      "Does mod_rewrite work in .htaccess files?",
    ],
  ];
  for (const [last, followUp, standalone, answer] of cases) {
    it(`"${followUp}" after "${last}" is "${standalone}"`, () => {
      assert.equal(standaloneQuestion(followUp, [turn(last, answer)]), standalone);
    });
  }

  it("is understood after follow-ups", () => {
    const turns = [turn("What does work_mem do?"), turn("And its default?")];
    assert.equal(standaloneQuestion("What about wal_level?", turns), "What is the default of wal_level?");
  });

  it("that stands alone, or first, is handed back as it is", () => {
    assert.equal(standaloneQuestion("  What about its default? ", []), "What about its default?");
    assert.equal(standaloneQuestion("", [turn("What is X?")]), "");
  });

  it("without a word is neither made a question nor gone on from", () => {
    const turns = [turn("What is the default of work_mem?"), turn("🤔")];
    assert.equal(standaloneQuestion("🤔", turns), "🤔");
    assert.equal(standaloneQuestion("??", turns), "??");
    assert.equal(standaloneQuestion("And wal_level?", turns), "What is the default of wal_level?");
  });

  it("of any shape is never lost, and comes to an end", () => {
    for (const odd of [
      "And ?",
      "it",
      "what about",
      "?".repeat(500_000),
      "and ".repeat(500_000),
      `${"a ".repeat(1_000_000)}?`,
    ]) {
      const alone = ends(() => standaloneQuestion(odd, [turn(odd), turn("What is $& of $1?")]));
      assert.equal(typeof alone, "string");
    }
  });
});
