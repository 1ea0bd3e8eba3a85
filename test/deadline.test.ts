import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { within } from "../src/deadline.ts";
import { TimeoutError } from "../src/errors.ts";

describe("work within a time", () => {
  it("is given up when the time has passed, and its signal says so", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const heard: unknown[] = [];
    const working = within("The work", 2_000, undefined, (signal) => {
      signal.addEventListener("abort", () => heard.push(signal.reason));
      return new Promise(() => {});
    });
    for (let passedMs = 0; passedMs < 1_900; passedMs += 100) test.mock.timers.tick(100);
    assert.equal(heard.length, 0);
    test.mock.timers.tick(100);
    assert.ok(heard[0] instanceof TimeoutError);
    await assert.rejects(working, /The work took longer than 2000 ms/);
  });

  it("is not given up because the process stood still for longer than that", async (test) => {
    test.mock.timers.enable({ apis: ["setTimeout"] });
    const { promise, resolve } = Promise.withResolvers<string>();
    const working = within("The work", 2_000, undefined, () => promise);
    test.mock.timers.tick(60_000);
    resolve("done");
    assert.equal(await working, "done");
  });

  it("is not given up at once where the time is longer than a timer can wait", async () => {
    const working = within("The work", 2 ** 40, undefined, async () => {
      for (let turns = 0; turns < 20; turns++) await setTimeout(1);
      return "done";
    });
    assert.equal(await working, "done");
  });
});
