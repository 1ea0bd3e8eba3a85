import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EventStream } from "../src/events.ts";

describe("event stream", () => {
  it("drops a listener that throws, with a warning; whoever emits, and the others, go on", (t) => {
    const warn = t.mock.method(process, "emitWarning", () => {});
    const events = new EventStream();
    const heard: string[] = [];
    events.subscribe(() => {
      heard.push("broken");
      throw new Error("no disk for the chart");
    });
    events.subscribe(({ type }) => heard.push(type));
    events.emit({ type: "agent-failed", role: "researcher", error: "" });
    events.emit({ type: "agent-failed", role: "researcher", error: "" });
    assert.deepEqual(heard, ["broken", "agent-failed", "agent-failed"]);
    assert.match(String(warn.mock.calls[0]?.arguments[0]), /no disk for the chart/);
  });
});
