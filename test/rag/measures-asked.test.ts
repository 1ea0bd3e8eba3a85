import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lacksMeasure } from "../../src/rag/answering/measures-asked.ts";

const table: readonly (readonly [question: string, told: string, untold: string])[] = [
  [
    "How many employees can the payroll hold?",
    "Up to 50 employees are paid.",
    "One step pays all of them. Employees wait.",
  ],
  ["How many characters of salt may there be?", "The salt has 8 chars.", "The salt is made of characters."],
  ["What is the largest number of threads?", "It starts 64 threads.", "New in version 3.4: threads."],
  ["How many dollars do they differ by?", "They differ by $5.00.", "They differ in dollars."],
  ["How big may the logo be?", "At most 120 by 80.", "12.8. The logo"],
  ["How long does a session last?", "It ends after a day.", "It ends of itself."],
  ["How often is the list fetched?", "It is fetched hourly, every 3600 s.", "It is fetched by itself."],
  ["When will support end?", "Support ends in March 2027.", "Support is given by mail."],
  ["Who wrote the module?", "It was written by Ada Stahl.", "The author is a user of it."],
  ["Who may restart it?", "An administrator may.", "It may be restarted."],
  ["What colour is the logo?", "It is dark blue.", "It shows an elephant."],
  ["What does a subscription cost?", "It costs 20 USD.", "It is paid on the 28th."],
  ["What is the delay in milliseconds?", "It waits 5 milliseconds.", "It waits for 5 answers."],
];

describe("a measure that is asked for", () => {
  for (const [question, told, untold] of table) {
    it(`is told by "${told}" and not by "${untold}"`, () => {
      assert.equal(lacksMeasure(question, told), false);
      assert.equal(lacksMeasure(question, untold), true);
    });
  }

  it("is not told by a number that the question gives itself", () => {
    assert.equal(lacksMeasure("How many of the 20 workers wait?", "The 20 workers start at once."), true);
  });

  it("is not looked for where nothing of the kind is asked", () => {
    assert.equal(lacksMeasure("Why does the server keep them apart?", "Each has its own folder."), false);
  });
});
