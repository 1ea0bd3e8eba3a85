import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Budget, BudgetError } from "../../src/budget.ts";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { PoolClosedError, StalledError } from "../../src/coordination/pools/pool-errors.ts";
import type { Priority } from "../../src/coordination/new-task.ts";
import { OverloadedError } from "../../src/coordination/tasks.ts";
import { AgentError, TimeoutError } from "../../src/errors.ts";
import { Gate, context, doubler, openPool, settle, untilAborted } from "./pool-fixture.ts";

describe("agent pool", () => {
  it("gives the agent's checked output", async () => {
    const { pool } = openPool({ agent: doubler() });
    assert.equal(await pool.run(21, context), 42);
    assert.equal(pool.status().done, 1);
  });

  it("C1: refuses what does not fit the schema, on either side, and says so", async () => {
    const { pool, types } = openPool({ agent: doubler() });
    await assert.rejects(
      pool.run(0.5, context),
      (error) => error instanceof AgentError && /input/.test(error.message),
    );
    await assert.rejects(
      pool.run(99, context),
      (error) => error instanceof AgentError && /output/.test(error.message),
    );
    assert.deepEqual(types(), ["agent-failed", "agent-failed"]);
    assert.equal(pool.status().failed, 2);
  });

  it("C38: tells a process that stood still from work that took too long", async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, now: () => aheadMs };
    const { pool } = openPool(
      { agent: doubler({ run: (_, call) => untilAborted(call) }) },
      { timeoutMs: 20 },
      { clock },
    );
    await assert.rejects(pool.run(1, context), TimeoutError);
    const stalled = pool.run(1, context);
    aheadMs = 5_000;
    await assert.rejects(
      stalled,
      (error) => error instanceof StalledError && error.retryable && / 5 s /.test(error.message),
    );
  });

  it("runs no more at a time than its size, and is full when many wait", async () => {
    let running = 0;
    let most = 0;
    const run = async (input: number) => {
      most = Math.max(most, (running += 1));
      await settle();
      running -= 1;
      return input;
    };
    const { pool } = openPool({ agent: doubler({ run }) });
    const all = Promise.all(Array.from({ length: 12 }, (_, index) => pool.run(index, context)));
    assert.equal(pool.isFull, true);
    assert.deepEqual([pool.status().busy, pool.status().waiting], [2, 10]);
    await pool.room(new AbortController().signal);
    assert.equal(pool.isFull, false);
    await all;
    assert.equal(most, 2);
  });

  it("ends an agent that takes too long, whether it listens or not, and frees its place", async () => {
    const { pool, types } = openPool(
      { agent: doubler({ run: (input) => (input === 0 ? new Promise(() => {}) : Promise.resolve(input)) }) },
      { size: 1, timeoutMs: 20, graceMs: 20 },
    );
    await assert.rejects(pool.run(0, context), TimeoutError);
    assert.equal(await pool.run(7, context), 7);
    assert.deepEqual(types(), ["agent-failed", "agent-isolated"]);
    assert.equal(pool.status().stuck, 1);
  });

  it("holds the place of a call that was called off until the agent has come back from it", async () => {
    const back = Promise.withResolvers<number>();
    const run = (input: number) => (input === 0 ? back.promise : Promise.resolve(input));
    const { pool, types } = openPool({ agent: doubler({ run }) }, { size: 1, timeoutMs: 5 });
    await assert.rejects(pool.run(0, context), TimeoutError);
    assert.equal(pool.status().busy, 1);
    const next = pool.run(7, context);
    back.resolve(0);
    assert.equal(await next, 7);
    assert.deepEqual(types(), ["agent-failed"]);
  });

  it("hands back the reason of who called it off, running or waiting, and counts no failure", async () => {
    const { pool, seen } = openPool(
      { agent: doubler({ run: (_input, context) => untilAborted(context) }) },
      { size: 1 },
    );
    const stop = new AbortController();
    const reason = new Error("stopped");
    const calls = [1, 2].map((input) => pool.run(input, rootContext("test", stop.signal)));
    const ended = Promise.allSettled(calls);
    await settle();
    stop.abort(reason);
    for (const call of await ended) assert.equal(call.status === "rejected" && call.reason, reason);
    await settle();
    assert.deepEqual([seen.length, pool.status().failed, pool.status().busy], [0, 0, 0]);
  });

  it("serves waiting calls by urgency, then in the order they came; a call that is called off leaves", async () => {
    const gate = new Gate();
    const { pool } = openPool({ agent: doubler({ run: gate.run }) }, { size: 1 });
    const off = new AbortController();
    const call = (input: number, priority: Priority, of = context) => pool.run(input, of, { priority });
    const calls = [call(0, "normal"), call(1, "low"), call(2, "normal"), call(3, "critical")];
    const left = call(4, "critical", rootContext("test", off.signal));
    calls.push(call(5, "high"), call(6, "normal"));
    off.abort(new Error("not needed"));
    await assert.rejects(left, /not needed/);
    gate.open();
    await Promise.all(calls);
    assert.deepEqual(gate.came, [0, 3, 5, 2, 6, 1]);
  });

  it("lets no call wait for ever behind more urgent ones", async () => {
    const came: number[] = [];
    const run = async (input: number) => {
      came.push(input);
      await settle();
      return input;
    };
    const { pool } = openPool({ agent: doubler({ run }) }, { size: 1 });
    const first = pool.run(99, context);
    const low = pool.run(100, context, { priority: "low" }).then(() => came.length);
    const all = Array.from({ length: 60 }, (_, index) => pool.run(index, context, { priority: "high" }));
    assert.ok((await low) < 40);
    await Promise.all([first, ...all]);
  });

  it("C23: an immediate call is answered now or refused", async () => {
    const gate = new Gate();
    const { pool } = openPool({ agent: doubler({ run: gate.run }) }, { size: 1 });
    const first = pool.run(1, context, { policy: "immediate" });
    await assert.rejects(pool.run(2, context, { policy: "immediate" }), OverloadedError);
    gate.open();
    assert.equal(await first, 1);
    assert.equal(await pool.run(3, context, { policy: "immediate" }), 3);
  });

  it("C23: a queued call waits, and is refused when too many do", async () => {
    const gate = new Gate();
    const { pool } = openPool({ agent: doubler({ run: gate.run }) }, { size: 1, maxWaiting: 2 });
    const calls = [1, 2, 3].map((input) => pool.run(input, context, { policy: "queued" }));
    await assert.rejects(pool.run(4, context), OverloadedError);
    gate.open();
    assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
  });

  it("C23: a delegated call goes elsewhere when it would have to wait, and its answer is checked", async () => {
    const gate = new Gate();
    const { pool } = openPool({ agent: doubler({ run: gate.run }) }, { size: 1 });
    const policy = { kind: "delegated", to: async (input: number) => input * 10 } as const;
    const here = pool.run(1, context, { policy });
    assert.equal(await pool.run(2, context, { policy }), 20);
    await assert.rejects(pool.run(11, context, { policy }), AgentError);
    gate.open();
    assert.equal(await here, 1);
  });

  it("C23: consolidated calls are done together", async () => {
    const { pool } = openPool({ agent: doubler() });
    const batch: { input: number; give: (output: number) => void }[] = [];
    const by = (input: number) =>
      new Promise<number>((give) => {
        batch.push({ input, give });
        if (batch.length === 3) for (const each of batch) each.give(each.input * batch.length);
      });
    const policy = { kind: "consolidated", by } as const;
    const outputs = await Promise.all([1, 2, 3].map((input) => pool.run(input, context, { policy })));
    assert.deepEqual(outputs, [3, 6, 9]);
    assert.equal(pool.status().done, 0);
  });

  it("counts its calls as steps of the job's budget, and makes none beyond it", async () => {
    const { pool } = openPool({ agent: doubler() });
    const job = rootContext("job", undefined, new Budget("job", { steps: 2 }));
    await pool.run(1, job);
    await pool.run(2, job);
    await assert.rejects(pool.run(3, job), BudgetError);
  });

  it("C40: sheds calls of low priority while it is told to, and no others", async () => {
    const { pool } = openPool({ agent: doubler() });
    pool.isShedding = true;
    await assert.rejects(pool.run(1, context, { priority: "low" }), OverloadedError);
    assert.equal(await pool.run(1, context), 2);
    pool.isShedding = false;
    assert.equal(await pool.run(1, context, { priority: "low" }), 2);
  });

  it("C3: closing takes no more calls, and does those it has", async () => {
    const gate = new Gate();
    let stops = 0;
    const stop = async () => void (stops += 1);
    const { pool } = openPool({ agent: doubler({ run: gate.run, stop }) }, { size: 1 });
    const calls = [1, 2].map((input) => pool.run(input, context));
    const closed = pool[Symbol.asyncDispose]();
    await assert.rejects(pool.run(3, context), PoolClosedError);
    await settle();
    assert.equal(stops, 0);
    gate.open();
    assert.deepEqual(await Promise.all(calls), [1, 2]);
    await closed;
    assert.equal(stops, 1);
  });
});
