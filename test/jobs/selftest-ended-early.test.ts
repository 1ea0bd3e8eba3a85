import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import { report, runPhases } from "../../src/jobs/selftest.ts";
import { emptyLedgers } from "../../src/jobs/selftest/ledger.ts";

describe("a part of the self-test that is ended early", () => {
  it("has lost nothing by that; what another part lost, or it did twice, is named", async () => {
    const ledgers = emptyLedgers();
    const { tasks, effects } = ledgers;
    const parts = [
      { name: "lossy", limitMs: 60_000, run: async () => void effects.issue() },
      {
        name: "hanging",
        limitMs: 5,
        run: () => {
          const twice = tasks.issue();
          for (const id of [twice, twice]) tasks.settle(id);
          effects.issue();
          return new Promise<never>(() => {});
        },
      },
    ].map((part) => ({ ...part, run: async () => (await part.run()) ?? {} }));
    const { measured, failures } = await runPhases(parts, rootContext("test"), { ledgers });
    assert.deepEqual(report(measured, failures, ledgers).problems, [
      'The part "hanging" failed: It took longer than 5 ms.',
      "Lost: effect 0.",
      "Doubled: task 0.",
    ]);
  });
});
