import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TopicTrie, matches } from "../../src/coordination/bus/topics.ts";
import { ends } from "../ends.ts";

/** The rule as one would say it: a star is one segment, > is one or more. */
function naive(pattern: string, topic: string): boolean {
  const source = pattern
    .split(".")
    .map((each) => (each === "*" ? "[^.]+" : each === ">" ? ".+" : each))
    .join("\\.");
  return new RegExp(`^${source}$`).test(topic);
}

const word = fc.constantFrom("crawl", "7", "page", "stored");
const topic = fc.array(word, { minLength: 1, maxLength: 5 }).map((words) => words.join("."));
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constant("*")), { maxLength: 4 }), fc.constantFrom("", ">", "*", "page"))
  .map(([words, last]) => [...words, ...(last ? [last] : [])].join("."))
  .filter((text) => text !== "");

describe("topics", () => {
  it("Bus 45: wildcards match as the truth table says", () => {
    const topics = ["a", "a.b", "a.b.c", "b", "b.a"];
    const table: Readonly<Record<string, readonly boolean[]>> = {
      a: [true, false, false, false, false],
      "*": [true, false, false, true, false],
      ">": [true, true, true, true, true],
      "a.*": [false, true, false, false, false],
      "a.>": [false, true, true, false, false],
      "*.*": [false, true, false, false, true],
      "*.>": [false, true, true, false, true],
      "*.b": [false, true, false, false, false],
      "a.*.c": [false, false, true, false, false],
      "a.b.*": [false, false, true, false, false],
      "a.b.>": [false, false, true, false, false],
      "*.*.>": [false, false, true, false, false],
    };
    for (const [pattern, expected] of Object.entries(table)) {
      const trie = new TopicTrie<string>();
      trie.add(pattern, "it");
      assert.deepEqual(
        topics.map((topic) => trie.match(topic).length === 1),
        expected,
        pattern,
      );
    }
  });

  it("Bus 45: the tree finds what trying every pattern finds, whatever comes and goes", () => {
    const steps = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant("add" as const), pattern }),
        fc.record({ kind: fc.constant("remove" as const), pattern }),
        fc.record({ kind: fc.constant("match" as const), topic }),
      ),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (steps) => {
        const trie = new TopicTrie<string>();
        const known = new Set<string>();
        for (const step of steps) {
          if (step.kind === "add") {
            trie.add(step.pattern, step.pattern);
            known.add(step.pattern);
          } else if (step.kind === "remove") {
            trie.remove(step.pattern, step.pattern);
            known.delete(step.pattern);
          } else {
            const expected = [...known].filter((each) => naive(each, step.topic));
            const found = trie.match(step.topic);
            assert.equal(found.length, expected.length);
            assert.deepEqual(new Set(found), new Set(expected));
            for (const each of known) assert.equal(matches(each, step.topic), naive(each, step.topic));
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("C10: ten thousand followers of other topics cost a publisher nothing", () => {
    const trie = new TopicTrie<number>();
    for (let other = 0; other < 10_000; other += 1) trie.add(`host.${other}.>`, other);
    trie.add("crawl.*.page.>", -1);
    // Topics that were never asked for, so that none is remembered; trying 10,000 patterns for each takes minutes.
    ends(() => {
      for (let run = 0; run < 100_000; run += 1) assert.equal(trie.match(`crawl.${run}.page.stored`)[0], -1);
    });
  });
});
