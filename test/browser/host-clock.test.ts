import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { HostClock, HostClockOptions, parseRetryAfter } from "../../src/browser/host-clock.ts";
import { SettlingClock } from "./settling-clock.ts";

const host = "example.org:80";

function openClock(options: Partial<HostClockOptions> = {}) {
  const clock = new SettlingClock();
  const hostClock = new HostClock({ clock }, HostClockOptions.parse(options));
  /** Takes a turn, sends, and tells when. */
  const send = async (name = host, signal?: AbortSignal): Promise<number> => {
    using turn = await hostClock.take(name, signal);
    turn.sent();
    return clock.now();
  };
  return { clock, hostClock, send };
}

describe("host clock", () => {
  it("asks no host before its delay is up, however many wait", async () => {
    const arrivals = fc.array(fc.nat(400), { minLength: 2, maxLength: 12 });
    const holds = fc.asyncProperty(fc.nat(300), arrivals, async (perHostDelayMs, gaps) => {
      const { clock, send } = openClock({ perHostDelayMs });
      const sending = gaps.map(async (gap) => {
        await clock.sleep(gap);
        return await send();
      });
      const times = (await Promise.all(sending)).sort((a, b) => a - b);
      times.slice(1).forEach((time, index) => {
        const before = times[index] ?? 0;
        assert.ok(time - before >= perHostDelayMs, `${time - before} < ${perHostDelayMs}`);
      });
    });
    await fc.assert(holds, { numRuns: 50 });
  });

  it("counts the delay from when the request went out", async () => {
    const { clock, hostClock, send } = openClock({ perHostDelayMs: 100 });
    const turn = await hostClock.take(host);
    const waiting = send();
    await clock.sleep(500);
    const sentAt = clock.now();
    turn.sent();
    assert.ok((await waiting) >= sentAt + 100);
  });

  it("does not wait for hosts on this machine unless told so", async () => {
    const { clock, send } = openClock();
    const start = clock.now();
    for (const name of ["127.0.0.1:8080", "localhost:80", "[::1]:81"]) {
      await send(name);
      await send(name);
    }
    assert.equal(clock.now(), start);
    const told = openClock({ perHostDelayMs: 1_000 });
    const first = await told.send("127.0.0.1:8080");
    assert.ok((await told.send("127.0.0.1:8080")) - first >= 1_000);
  });

  it("obeys a Crawl-delay up to its cap", async () => {
    const { hostClock, send } = openClock({ perHostDelayMs: 0 });
    hostClock.setCrawlDelay(host, 5_000);
    const first = await send();
    assert.ok((await send()) - first >= 5_000);
    hostClock.setCrawlDelay(host, 86_400_000);
    assert.equal(hostClock.delayMs(host), 30_000);
  });

  const retryAfters: readonly (readonly [string | undefined, number | undefined])[] = [
    ["3", 3_000],
    [" 0 ", 0],
    ["Thu, 01 Jan 2026 00:00:04 GMT", 4_000],
    ["Wed, 31 Dec 2025 00:00:00 GMT", 0],
    ["31536000", 31_536_000_000],
    ["soon", undefined],
    ["-5", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [header, expected] of retryAfters) {
    it(`reads Retry-After ${JSON.stringify(header)}`, () => {
      assert.equal(parseRetryAfter(header, Date.UTC(2026, 0, 1)), expected);
    });
  }

  it("lets nothing through before Retry-After is over, and at most ten minutes late", async () => {
    const { clock, hostClock, send } = openClock({ perHostDelayMs: 0 });
    const early = send();
    await early;
    const until = hostClock.refused(host, 429, "3");
    assert.equal(until, clock.now() + 3_000);
    const times = await Promise.all([send(), send(), send()]);
    assert.ok(times.every((time) => time >= until && time < until + 1_000));
    assert.equal(hostClock.refused(host, 503, "31536000"), clock.now() + 600_000);
  });

  it("holds back those who were waiting already when the host asked for quiet", async () => {
    const { hostClock, send, clock } = openClock({ perHostDelayMs: 100 });
    await send();
    const waiting = send();
    const until = hostClock.refused(host, 429, "5");
    assert.ok((await waiting) >= until);
    assert.ok(clock.now() >= until);
  });

  it("doubles its own pause and forgets it again when the host recovers", () => {
    const { clock, hostClock } = openClock({ firstPenaltyMs: 1_000 });
    const pause = () => {
      const pauseMs = hostClock.refused(host, 429, undefined) - clock.now();
      clock.advance(pauseMs);
      return pauseMs;
    };
    assert.deepEqual([pause(), pause(), pause()], [1_000, 2_000, 4_000]);
    for (let answers = 0; answers < 3; answers += 1) hostClock.succeeded(host);
    assert.equal(pause(), 1_000);
  });

  it("takes a burst of refusals for one", () => {
    const { clock, hostClock } = openClock({ firstPenaltyMs: 1_000 });
    for (let answers = 0; answers < 16; answers += 1) hostClock.refused(host, 429, undefined);
    assert.equal(hostClock.notBefore(host), clock.now() + 1_000);
  });

  it("goes slower after a refusal, and as fast as before after some good answers", () => {
    const { clock, hostClock } = openClock({ perHostDelayMs: 0 });
    hostClock.refused(host, 429, "1");
    assert.equal(hostClock.delayMs(host), 250);
    clock.advance(1_000);
    hostClock.refused(host, 429, "1");
    assert.equal(hostClock.delayMs(host), 500);
    for (let answers = 0; answers < 10; answers += 1) hostClock.succeeded(host);
    assert.equal(hostClock.delayMs(host), 0);
  });

  it("takes a lone 503 for one broken page, and several for a tired host", () => {
    const { clock, hostClock } = openClock();
    hostClock.refused(host, 503, undefined);
    assert.ok(hostClock.notBefore(host) <= clock.now());
    const until = hostClock.refused(host, 503, undefined);
    assert.equal(hostClock.notBefore(host), until);
  });

  it("gives up a place in the queue when its work is cancelled", async () => {
    const { send } = openClock({ perHostDelayMs: 1_000 });
    const first = await send();
    const cancelled = new AbortController();
    const reason = new Error("cancelled");
    const leaving = send(host, cancelled.signal);
    const staying = send();
    cancelled.abort(reason);
    await assert.rejects(leaving, (error) => error === reason);
    assert.ok((await staying) - first < 1_100);
  });
});
