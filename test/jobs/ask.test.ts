import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import { systemClock } from "../../src/clock.ts";
import { NamedLocks } from "../../src/coordination/plans/admission.ts";
import { EventStream } from "../../src/events.ts";
import { type AskFloor, ask } from "../../src/jobs/ask.ts";
import type { Retrieval } from "../../src/rag/retrieve.ts";
import { openBackend } from "../coordination/open-backend.ts";

const context = rootContext("test");
const found = (question: string) => ({
  question,
  answer: `About ${question}`,
  confidence: 0.8,
  abstained: false,
  citations: [],
  conflicts: [],
});

/** Answers parts of a question; those called "bad" break their extractor. `most` is how many were under way together. */
function openFloor(parts: readonly string[], isReasoning: boolean) {
  let underWay = 0;
  const seen = { most: 0, modes: [] as string[] };
  const events = new EventStream();
  events.subscribe((event) => {
    if (event.type === "plan-started") seen.modes.push(event.mode);
  });
  const floor: AskFloor = {
    planner: { run: async () => ({ parts: [...parts] }) },
    researcher: { run: async () => parts.map((query) => ({ query, hits: [] }) as unknown as Retrieval) },
    extractor: {
      async run({ question }) {
        seen.most = Math.max(seen.most, (underWay += 1));
        await new Promise((resolve) => setTimeout(resolve, 20));
        underWay -= 1;
        if (question.startsWith("bad")) throw new Error(`${question} broke`);
        return found(question);
      },
    },
    validator: { run: async (answer) => answer },
    isReasoning,
    openWorkspace: () => openBackend(),
    locks: new NamedLocks(),
    clock: systemClock,
    events,
  };
  return { floor, seen };
}

describe("asking", () => {
  it("C28: a question of one part starts no plan", async () => {
    const { floor, seen } = openFloor(["one"], true);
    assert.equal((await ask(floor, "one?", {}, context)).answer, "About one");
    assert.deepEqual(seen.modes, []);
  });

  it("C28: parts that take a model's seconds are answered side by side, quick ones in order", async () => {
    for (const [isReasoning, mode, most] of [
      [true, "parallel", 3],
      [false, "sequential", 1],
    ] as const) {
      const { floor, seen } = openFloor(["one", "two", "three"], isReasoning);
      const answer = await ask(floor, "all?", {}, context);
      assert.equal(answer.answer, "About one\nAbout two\nAbout three");
      assert.deepEqual(seen, { most, modes: [mode] });
    }
  });

  it("names a part that could not be answered, and fails when none could", async () => {
    const { floor } = openFloor(["one", "bad part"], true);
    const answer = await ask(floor, "all?", {}, context);
    assert.equal(answer.answer, "About one\nNot found in the indexed pages: bad part");
    assert.equal(answer.confidence, 0.4);
    await assert.rejects(ask(openFloor(["bad 1", "bad 2"], true).floor, "all?", {}, context), /bad 1 broke/);
  });
});
