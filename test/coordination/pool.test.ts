import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { z } from "zod";
import { systemClock } from "../../src/clock.ts";
import { rootContext, type RunContext } from "../../src/context.ts";
import { AgentPool } from "../../src/coordination/pools/pool.ts";
import { unlessAborted } from "../../src/deadline.ts";
import { AgentError, TimeoutError } from "../../src/errors.ts";
import { EventStream, type ForagerEvent } from "../../src/events.ts";

const context = rootContext("test");

function poolOf(
  run: (input: number, context: RunContext) => Promise<number>,
  options: { size?: number; timeoutMs?: number; graceMs?: number } = {},
) {
  const events = new EventStream();
  const seen: ForagerEvent[] = [];
  events.subscribe((event) => seen.push(event));
  const agent = { role: "doubler", input: z.int(), output: z.int().max(100), run };
  const pool = new AgentPool(
    { agent, events, clock: systemClock },
    { size: 2, timeoutMs: 1_000, ...options },
  );
  return { pool, seen };
}

/** What an agent that listens to its signal does: nothing, until it is called off. */
function untilAborted(signal: AbortSignal): Promise<never> {
  return unlessAborted(new Promise<never>(() => {}), signal);
}

describe("agent pool", () => {
  it("gives the agent's checked output", async () => {
    const { pool } = poolOf(async (input) => input * 2);
    assert.equal(await pool.run(21, context), 42);
    assert.equal(pool.status().done, 1);
  });

  it("refuses what does not fit the schema, on either side, and says so", async () => {
    const { pool, seen } = poolOf(async (input) => input * 2);
    await assert.rejects(
      pool.run(0.5, context),
      (error) => error instanceof AgentError && /input/.test(error.message),
    );
    await assert.rejects(
      pool.run(99, context),
      (error) => error instanceof AgentError && /output/.test(error.message),
    );
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["agent-failed", "agent-failed"],
    );
    assert.equal(pool.status().failed, 2);
  });

  it("runs no more at a time than its size, and is full when many wait", async () => {
    let running = 0;
    let most = 0;
    const { pool } = poolOf(async (input) => {
      most = Math.max(most, (running += 1));
      await delay(2);
      running -= 1;
      return input;
    });
    const all = Promise.all(Array.from({ length: 12 }, (_, index) => pool.run(index, context)));
    assert.equal(pool.isFull, true);
    assert.deepEqual([pool.status().busy, pool.status().waiting], [2, 10]);
    await pool.room(new AbortController().signal);
    assert.equal(pool.isFull, false);
    await all;
    assert.equal(most, 2);
  });

  it("ends an agent that takes too long, whether it listens or not, and frees its place", async () => {
    const { pool, seen } = poolOf((input) => (input === 0 ? new Promise(() => {}) : Promise.resolve(input)), {
      size: 1,
      timeoutMs: 20,
      graceMs: 20,
    });
    await assert.rejects(pool.run(0, context), TimeoutError);
    assert.equal(await pool.run(7, context), 7);
    assert.deepEqual(
      seen.map(({ type }) => type),
      ["agent-failed", "agent-isolated"],
    );
  });

  it("hands back the reason of who called it off, running or waiting, and counts no failure", async () => {
    const { pool, seen } = poolOf((_input, { signal }) => untilAborted(signal), { size: 1 });
    const stop = new AbortController();
    const reason = new Error("stopped");
    const calls = [1, 2].map((input) => pool.run(input, rootContext("test", stop.signal)));
    const ended = Promise.allSettled(calls);
    await delay(1);
    stop.abort(reason);
    for (const call of await ended) assert.equal(call.status === "rejected" && call.reason, reason);
    await delay(1);
    assert.deepEqual([seen.length, pool.status().failed, pool.status().busy], [0, 0, 0]);
  });
});
