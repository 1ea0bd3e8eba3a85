import assert from "node:assert/strict";
import { getEventListeners } from "node:events";
import { describe, it } from "node:test";
import { type AbortListener, listen, unlisten } from "../src/abort-listeners.ts";

describe("Listeners of a signal on which many wait", () => {
  it("share one, and are each told once, in the order in which they came", () => {
    const controller = new AbortController();
    const told: string[] = [];
    const listeners = ["a", "b", "c"].map((name): AbortListener => ({ handleEvent: () => told.push(name) }));
    for (const listener of listeners) listen(controller.signal, listener);
    assert.equal(getEventListeners(controller.signal, "abort").length, 1);
    unlisten(controller.signal, listeners[1] as AbortListener);
    controller.abort();
    controller.abort();
    assert.deepEqual(told, ["a", "c"]);
  });

  it("leave nothing at the signal when the last has left, and may come again", () => {
    const controller = new AbortController();
    let told = 0;
    const listener: AbortListener = { handleEvent: () => (told += 1) };
    for (const times of [1, 2]) {
      listen(controller.signal, listener);
      assert.equal(getEventListeners(controller.signal, "abort").length, 1, `time ${times}`);
      unlisten(controller.signal, listener);
      unlisten(controller.signal, listener);
      assert.equal(getEventListeners(controller.signal, "abort").length, 0, `time ${times}`);
    }
    listen(controller.signal, listener);
    controller.abort();
    assert.equal(told, 1);
  });

  it("are not told any more when they left while others were told", () => {
    const controller = new AbortController();
    const told: string[] = [];
    const second: AbortListener = { handleEvent: () => told.push("second") };
    const third: AbortListener = { handleEvent: () => told.push("third") };
    const first: AbortListener = {
      handleEvent() {
        told.push("first");
        unlisten(controller.signal, first);
        unlisten(controller.signal, second);
      },
    };
    for (const listener of [first, second, third]) listen(controller.signal, listener);
    controller.abort();
    assert.deepEqual(told, ["first", "third"]);
  });
});
