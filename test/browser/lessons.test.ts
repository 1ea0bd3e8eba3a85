import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Clock } from "../../src/clock.ts";
import { HostClock, HostClockOptions } from "../../src/browser/host-clock.ts";
import type { Lessons } from "../../src/browser/lessons.ts";
import { TierMemory } from "../../src/browser/tier-memory.ts";

const url = (page: number) => `https://app.example/list/${page}`;
const clock: Clock = { now: () => 1_000_000, sleep: async () => {} };
const hostClock = () => new HostClock({ clock }, HostClockOptions.parse({ perHostDelayMs: 0 }));

/** What one crawl learned, in the hands of the next, through JSON as it is kept. */
function pass<T extends Lessons>(from: Lessons, to: T): T {
  for (const [key, value] of from.changed()) to.restore(key, JSON.parse(JSON.stringify(value)));
  return to;
}

describe("what is learned about sites", () => {
  it("C16: the next crawl starts in the browser where the last one had to end there", () => {
    const first = new TierMemory();
    for (const page of [1, 2]) {
      first.note(url(page), false, "shell");
      first.note(url(page), true, "ok");
    }
    const next = pass(first, new TierMemory());
    assert.ok(next.startsRendering(url(3)));
    assert.ok(!next.startsRendering("https://app.example/other/3"));
    assert.deepEqual([...first.changed()], [], "it was asked for already");
    next.note(url(4), false, "ok");
    assert.deepEqual([...next.changed()], [["app.example:443/list", undefined]]);
  });

  it("C16: the next crawl keeps the pace that a host asked for", () => {
    const first = hostClock();
    const until = first.refused("slow.example:443", 429, "30");
    const next = pass(first, hostClock());
    assert.equal(next.notBefore("slow.example:443"), until);
    assert.equal(next.delayMs("slow.example:443"), first.delayMs("slow.example:443"));
    assert.ok(next.delayMs("slow.example:443") > 0);
  });

  it("forgets a host's pace once it answers well again", () => {
    const slow = hostClock();
    slow.refused("a.example:443", 503, undefined);
    slow.changed();
    slow.refused("a.example:443", 429, "0");
    for (let answers = 0; answers < 20; answers += 1) slow.succeeded("a.example:443");
    assert.deepEqual([...slow.changed()], [["a.example:443", undefined]]);
  });

  it("leaves lessons it cannot read", () => {
    for (const value of [
      null,
      7,
      {},
      { wins: "9" },
      { slowdownMs: -1, notBefore: 0 },
      { wins: 2, more: 1 },
    ]) {
      const tiers = new TierMemory();
      tiers.restore("app.example:443/list", value);
      assert.ok(!tiers.startsRendering(url(1)));
      const hosts = hostClock();
      hosts.restore("a.example:443", value);
      assert.equal(hosts.notBefore("a.example:443"), 0);
    }
  });
});
