import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createForager, OptionsError, type Forager } from "../../src/index.ts";
import { temporaryFolder } from "../cli/run-forager.ts";

/** What is asked of the library, and how the error begins. */
const wrong: Readonly<Record<string, readonly [ask: (forager: Forager) => Promise<unknown>, told: RegExp]>> =
  {
    "no question": [async (forager) => await forager.ask(""), /^ask: question: give some words/],
    "a question of blanks": [async (forager) => await forager.ask(" \n"), /^ask: question: give some words/],
    "a question without end": [
      async (forager) => await forager.ask("a".repeat(4_001)),
      /^ask: question: .*4000/,
    ],
    "a turn without an answer": [
      async (forager) => await forager.ask("Why?", { history: [{ question: "Is it on?" } as never] }),
      /^ask: history\.0\.answer: /,
    ],
    "a filter on nothing": [
      async (forager) => await forager.ask("Why?", { filter: { field: "color" } as never }),
      /^ask: filter: /,
    ],
    "no query": [(forager) => forager.search(""), /^search: query: give some words/],
    "no hits wanted": [(forager) => forager.search("lamp", { limit: 0 }), /^search: limit: .*>=1/],
    "half a hit": [(forager) => forager.search("lamp", { limit: 1.5 }), /^search: limit: /],
    "time that is gone": [
      (forager) => forager.search("lamp", { embedBudgetMs: -1 }),
      /^search: embedBudgetMs: /,
    ],
    "no neighbours wanted": [(forager) => forager.searchVector([1], { limit: 0 }), /^searchVector: limit: /],
  };

describe("a question that cannot be asked is refused, naming the option", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let forager: Forager;
  before(async () => {
    folder = await temporaryFolder();
    forager = createForager({ dataDir: folder.path, embedder: "none" });
    await forager.add([{ id: "lamp", text: "The lamp is on, because it is dark." }]);
  });
  after(async () => {
    await forager[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  for (const [name, [ask, told]] of Object.entries(wrong)) {
    it(name, async () => {
      await assert.rejects(
        ask(forager),
        (error) => error instanceof OptionsError && told.test(error.message),
      );
    });
  }
});
