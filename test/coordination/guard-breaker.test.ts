import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import {
  BreakerOpenError,
  type BreakerOptions,
  Breakers,
  toolBreaker,
} from "../../src/coordination/guard/breaker.ts";
import { SavedGuard, createGuard } from "../../src/coordination/guard/guard.ts";
import { RetryLaterError } from "../../src/coordination/tasks.ts";
import { ForagerError, NetworkError } from "../../src/errors.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";
import { SettlingClock } from "../browser/settling-clock.ts";

const context = rootContext("test");
const bad = () => Promise.reject(new NetworkError("no answer"));
const good = () => Promise.resolve("good");

function open(options: BreakerOptions, clock = new SettlingClock()) {
  const changes: boolean[] = [];
  const breakers = new Breakers("Tool", options, { clock, onChange: ({ isOpen }) => changes.push(isOpen) });
  /** "good", "bad" or "refused", by what came of one call. */
  const call = (work: () => Promise<string>, key = "t") =>
    breakers.run(key, context, work).catch((error: unknown) => {
      return error instanceof BreakerOpenError ? "refused" : "bad";
    });
  const times = async (count: number, work: () => Promise<string>) => {
    const seen: string[] = [];
    for (let i = 0; i < count; i += 1) seen.push(await call(work));
    return seen.join(" ");
  };
  return { breakers, call, times, clock, changes };
}

describe("circuit breakers", () => {
  it("C39: a tool's opens at the fifth failure in a row, rests a minute, and closes after three good probes", async () => {
    const { times, clock, changes } = open(toolBreaker);
    assert.equal(await times(4, bad), "bad bad bad bad");
    assert.equal(await times(1, good), "good");
    assert.equal(await times(6, bad), "bad bad bad bad bad refused");
    clock.advance(59_999);
    assert.equal(await times(1, good), "refused");
    clock.advance(1);
    assert.equal(await times(2, good), "good good");
    assert.deepEqual(changes, [true]);
    assert.equal(await times(1, good), "good");
    assert.deepEqual(changes, [true, false]);
    assert.equal(await times(4, bad), "bad bad bad bad");
  });

  it("C39: one bad probe opens it again, for longer where that is asked for", async () => {
    const { times, clock, breakers } = open({
      opensAfter: { inARow: 1 },
      openMs: 1_000,
      maxOpenMs: 3_000,
      probes: 3,
    });
    const start = clock.now();
    await times(1, bad);
    for (const rest of [1_000, 2_000, 3_000, 3_000]) {
      clock.advance(rest - 1);
      assert.equal(await times(1, good), "refused");
      clock.advance(1);
      assert.equal(await times(2, good), "good good");
      assert.equal(await times(2, bad), "bad refused");
    }
    assert.deepEqual(
      breakers.open().map(({ key, since }) => [key, since]),
      [["t", start]],
    );
  });

  it("C39: lets no more than its probes through at once, and refuses the rest instead of keeping them waiting", async () => {
    const { call, times, clock } = open({ opensAfter: { inARow: 1 }, openMs: 1_000, probes: 2 });
    await times(1, bad);
    clock.advance(1_000);
    const { promise, resolve } = Promise.withResolvers<string>();
    const probes = [call(() => promise), call(() => promise)];
    assert.equal(await call(good), "refused");
    resolve("good");
    assert.deepEqual(await Promise.all(probes), ["good", "good"]);
    assert.equal(await call(good), "good");
  });

  it("C39: goes by the share of failures where calls come in numbers, and forgets old ones", async () => {
    const { times, clock } = open({
      opensAfter: { share: 0.5, leastCalls: 10, windowMs: 10_000 },
      openMs: 1_000,
      probes: 1,
    });
    await times(4, good);
    assert.equal((await times(5, bad)).includes("refused"), false);
    clock.advance(11_000);
    // Those five count no more: nine bad ones are still too few.
    assert.equal((await times(9, bad)).includes("refused"), false);
    assert.equal(await times(2, bad), "bad refused");
    clock.advance(1_000);
    assert.equal(await times(1, good), "good");
    assert.equal((await times(8, bad)).includes("refused"), false);
  });

  it("C39: counts neither what is final, nor what is to come later, nor what was called off", async () => {
    const { breakers, times } = open({ opensAfter: { inARow: 1 }, openMs: 1_000, probes: 1 });
    const stop = new AbortController();
    const stopped = rootContext("stopped", stop.signal);
    await times(1, () => Promise.reject(new ForagerError("model", "does not fit")));
    await times(1, () => Promise.reject(new RetryLaterError("busy", 0)));
    const reason = new NetworkError("the user left");
    await assert.rejects(
      breakers.run("t", stopped, async () => {
        stop.abort(reason);
        throw reason;
      }),
      (error) => error === reason,
    );
    assert.equal(await times(1, good), "good");
  });

  it("C39: a probe that was called off is not taken for a good one", async () => {
    const { breakers, times, clock } = open({ opensAfter: { inARow: 1 }, openMs: 1_000, probes: 1 });
    await times(1, bad);
    clock.advance(1_000);
    const stopped = rootContext("stopped", AbortSignal.abort(new Error("left")));
    await assert.rejects(
      breakers.run("t", stopped, () => Promise.reject(stopped.signal.reason)),
      /left/,
    );
    assert.equal(await times(1, good), "refused");
  });

  it("C39: takes results for failures where it is told to, and hands them on", async () => {
    const { breakers, clock } = open({ opensAfter: { inARow: 2 }, openMs: 1_000, probes: 1 });
    const ask = () =>
      breakers.run(
        "h",
        context,
        async () => "no-page",
        (kind) => kind === "no-page",
      );
    assert.deepEqual([await ask(), await ask()], ["no-page", "no-page"]);
    await assert.rejects(
      ask(),
      (error) => error instanceof BreakerOpenError && error.until === clock.now() + 1_000,
    );
  });

  it("C39: what is open stays open over a restart, and is told as it changes", async () => {
    const clock = new SettlingClock();
    const events = new EventStream();
    const seen: ForagerEvent[] = [];
    events.subscribe((event) => seen.push(event));
    const options = {
      name: "tool",
      breaker: { opensAfter: { inARow: 1 }, openMs: 1_000, maxOpenMs: 8_000, probes: 1 },
    };
    const before = createGuard(options, { clock, events });
    await assert.rejects(before.run("a", context, bad), NetworkError);
    await before.run("b", context, good);
    const saved = SavedGuard.parse(JSON.parse(JSON.stringify(before)));
    assert.deepEqual(Object.keys(saved.breakers), ["a"]);

    const after = createGuard(options, { clock, events, saved });
    await assert.rejects(after.run("a", context, good), BreakerOpenError);
    clock.advance(1_000);
    await assert.rejects(after.run("a", context, bad), NetworkError);
    clock.advance(1_000);
    await assert.rejects(after.run("a", context, good), BreakerOpenError, "the second rest is twice as long");
    clock.advance(1_000);
    assert.equal(await after.run("a", context, good), "good");
    assert.deepEqual(
      seen.map((event) => event.type),
      ["breaker-opened", "breaker-opened", "breaker-closed"],
    );
  });
});
