import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { z } from "zod";
import type { RunContext } from "../../src/context.ts";
import { canDo } from "../../src/coordination/pools/capability.ts";
import { type MemberState, checkTransition, transitions } from "../../src/coordination/pools/lifecycle.ts";
import { UnroutableError } from "../../src/coordination/pools/pool-errors.ts";
import { type SelectionName, selections } from "../../src/coordination/pools/selection.ts";
import { Gate, context, doubler, openPool, settle, untilAborted } from "./pool-fixture.ts";

describe("agent lifecycle", () => {
  it("C3: knows the steps there are, and throws at any other", () => {
    const states = Object.keys(transitions) as MemberState[];
    const taken = states.flatMap((from) => transitions[from].map((to) => `${from} -> ${to}`));
    assert.deepEqual(taken, [
      "starting -> idle",
      "starting -> draining",
      "starting -> unhealthy",
      "idle -> busy",
      "idle -> draining",
      "idle -> unhealthy",
      "busy -> idle",
      "busy -> draining",
      "busy -> unhealthy",
      "draining -> stopped",
      "draining -> unhealthy",
      "unhealthy -> stopped",
    ]);
    for (const from of states) {
      for (const to of states) {
        if (transitions[from].includes(to)) checkTransition("a.1", from, to);
        else assert.throws(() => checkTransition("a.1", from, to), new RegExp(`cannot become ${to}`));
      }
    }
  });

  it("C3: starts an agent before its first work, and stops it after the last", async () => {
    const steps: string[] = [];
    const createAgent = (place: number) =>
      doubler({
        start: async () => void steps.push(`start ${place}`),
        stop: async () => void steps.push(`stop ${place}`),
        run: async (input) => {
          steps.push(`run ${place}`);
          return input;
        },
      });
    const { pool, types } = openPool({ createAgent }, { size: 3 });
    assert.deepEqual(steps, [], "nobody is started before there is work");
    await pool.run(1, context);
    await pool[Symbol.asyncDispose]();
    assert.deepEqual(steps, ["start 0", "run 0", "stop 0"]);
    assert.deepEqual(types(), ["agent-started"]);
    assert.deepEqual(pool.status().members, {});
  });

  it("C3: a hundred members start side by side, and nothing but their own start is waited for", async () => {
    const ready = Promise.withResolvers<void>();
    let starting = 0;
    const start = () => {
      starting += 1;
      return ready.promise;
    };
    await using pool = openPool({ createAgent: () => doubler({ start }) }, { size: 100 }).pool;
    pool.start();
    await settle();
    assert.equal(starting, 100);
    ready.resolve();
    await settle();
    assert.deepEqual(pool.status().members, { idle: 100 });
  });

  it("C3: a member that is no longer wanted ends what it does, then stops; one that was starting too", async () => {
    const gate = new Gate();
    const started = Promise.withResolvers<void>();
    const stops: number[] = [];
    const createAgent = (place: number) =>
      doubler({
        run: gate.run,
        start: () => (place === 2 ? started.promise : Promise.resolve()),
        stop: async () => void stops.push(place),
      });
    const { pool } = openPool({ createAgent }, { size: 3, min: 1, max: 3 });
    const calls = [0, 1].map((input) => pool.run(input, context));
    pool.start();
    await settle();
    assert.deepEqual(pool.status().members, { busy: 2, starting: 1 });
    pool.resize(1, "test");
    await settle();
    assert.deepEqual(pool.status().members, { busy: 1, draining: 2 });
    assert.deepEqual(stops, []);
    started.resolve();
    await settle();
    assert.deepEqual(stops, [2], "what it opened late is closed");
    gate.open();
    assert.deepEqual(await Promise.all(calls), [0, 1]);
    await settle();
    assert.deepEqual(stops, [2, 1]);
    assert.deepEqual(pool.status().members, { idle: 1 });
  });
});

describe("agent pool's members", () => {
  it("C4: has as many as its size, each with one call at a time, and between its bounds", async () => {
    const gate = new Gate();
    const createAgent = () => doubler({ run: gate.run });
    const { pool, seen } = openPool({ createAgent }, { size: 2, min: 1, max: 4 });
    const calls = Array.from({ length: 6 }, (_, index) => pool.run(index, context));
    assert.deepEqual([pool.status().busy, pool.status().waiting], [2, 4]);
    pool.resize(4, "many wait");
    assert.deepEqual([pool.status().busy, pool.status().waiting], [4, 2]);
    assert.throws(() => pool.resize(5, "more"), RangeError);
    assert.throws(() => pool.resize(0, "none"), RangeError);
    assert.deepEqual(seen, [{ type: "pool-resized", role: "doubler", from: 2, to: 4, why: "many wait" }]);
    gate.open();
    await Promise.all(calls);
  });

  it("C4: one shared agent takes as many calls as its size says", async () => {
    const gate = new Gate();
    const { pool } = openPool({ agent: doubler({ run: gate.run }) }, { size: 2, min: 1, max: 4 });
    const calls = Array.from({ length: 6 }, (_, index) => pool.run(index, context));
    pool.resize(4, "many wait");
    assert.deepEqual([pool.status().busy, pool.status().waiting], [4, 2]);
    pool.resize(1, "pressure");
    gate.open();
    await Promise.all(calls);
    const more = [pool.run(1, context), pool.run(2, context)];
    assert.deepEqual([pool.status().busy, pool.status().waiting], [1, 1]);
    await Promise.all(more);
  });

  it("C4: starts no more members for the calls that wait than there are calls", async () => {
    const started = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const gate = new Gate();
    const createAgent = (place: number) =>
      doubler({ start: async () => started[place]?.promise, run: gate.run });
    const { pool } = openPool({ createAgent }, { size: 8 });
    const calls = [pool.run(1, context), pool.run(2, context)];
    assert.deepEqual(pool.status().members, { starting: 2 });
    started[0]?.resolve();
    await settle();
    assert.deepEqual(pool.status().members, { busy: 1, starting: 1 });
    started[1]?.resolve();
    gate.open();
    assert.deepEqual(await Promise.all(calls), [1, 2]);
    assert.deepEqual(pool.status().members, { idle: 2 });
  });

  it("C22: gives a call to a member that can do it, past those that cannot", async () => {
    const can = [["html"], ["pdf", "render@eu"]];
    const createAgent = (place: number) => doubler({ provides: can[place] ?? [], run: async () => place });
    const { pool } = openPool({ createAgent });
    assert.equal(await pool.run(1, context, { needs: ["pdf"] }), 1);
    assert.equal(await pool.run(1, context, { needs: ["render"] }), 1);
    assert.equal(await pool.run(1, context, { needs: ["html"] }), 0);
  });

  it("C22: a call that no member can ever do is refused at once, and says what they can", async () => {
    const can = [["html"], ["pdf", "render@eu"]];
    const createAgent = (place: number) => doubler({ provides: can[place] ?? [] });
    const { pool } = openPool({ createAgent });
    await assert.rejects(
      pool.run(1, context, { needs: ["render@us"] }),
      (error) => error instanceof UnroutableError && /pdf and render@eu/.test(error.message),
    );
    await assert.rejects(pool.run(1, context, { needs: ["pdf", "html"] }), UnroutableError);
  });

  it("C22: a call that waits for a member does not hold up those behind it", async () => {
    const gate = new Gate();
    const createAgent = (place: number) =>
      doubler({
        provides: place === 1 ? ["pdf"] : [],
        run: (input) => (place === 1 ? gate.run(input) : Promise.resolve(place)),
      });
    const { pool } = openPool({ createAgent });
    const needs = ["pdf"];
    const pdfs = [pool.run(1, context, { needs }), pool.run(2, context, { needs })];
    assert.deepEqual(await Promise.all([pool.run(5, context), pool.run(6, context)]), [0, 0]);
    gate.open();
    assert.deepEqual(await Promise.all(pdfs), [1, 2]);
  });

  it("C22: a detail after the @ narrows what is provided, not what is needed", () => {
    assert.equal(canDo(["render@eu"], ["render"]), true);
    assert.equal(canDo(["render@eu"], ["render@eu"]), true);
    assert.equal(canDo(["render@eu"], ["render@us"]), false);
    assert.equal(canDo(["render"], ["render@eu"]), false);
    assert.equal(canDo(["rendering"], ["render"]), false);
    assert.equal(canDo(["*"], ["anything", "else@where"]), true);
    assert.equal(canDo([], []), true);
  });

  it("C6: each way of selecting members works in a pool", async () => {
    const selectBy: Record<SelectionName, readonly number[]> = {
      "round-robin": [0, 1, 2, 0, 1, 2],
      "least-loaded": [0, 0, 0, 0, 0, 0],
      weighted: [2, 1, 0, 2, 1, 2],
      affinity: [0, 0, 0, 0, 0, 0],
      "random-two-choices": [1, 1, 1, 1, 1, 1],
    };
    for (const selection of Object.keys(selections) as SelectionName[]) {
      const { pool } = openPool(
        { createAgent: (place) => doubler({ weight: place + 1, run: async () => place }) },
        { size: 3, selection },
        { random: () => 0.5 },
      );
      pool.start();
      const places: number[] = [];
      for (let call = 0; call < 6; call += 1) places.push(await pool.run(call, context));
      assert.deepEqual(places, selectBy[selection], selection);
    }
  });

  it("C6: calls of one key go to one member, also when others are free", async () => {
    const gate = new Gate();
    const worked: string[] = [];
    const createAgent = (place: number) =>
      doubler({
        run: (input) => {
          worked.push(`${input} at ${place}`);
          return gate.run(input);
        },
      });
    const { pool } = openPool({ createAgent }, { size: 4, selection: "affinity" });
    const calls = [1, 1, 2, 2].map((input) => pool.run(input, context, { affinity: `site-${input}` }));
    const [one, two] = worked;
    assert.deepEqual([worked.length, pool.status().waiting], [2, 2]);
    gate.open();
    await Promise.all(calls);
    assert.deepEqual(worked, [one, two, one, two]);
  });

  it("C41: a second try of a critical call goes to another member, and the loser's is called off", async () => {
    const ended: number[] = [];
    const createAgent = (place: number) =>
      doubler({
        output: z.number(),
        run: async (_input: number, context: RunContext) => {
          if (place === 0) await untilAborted(context).finally(() => ended.push(place));
          return place;
        },
      });
    const { pool } = openPool({ createAgent });
    const off = new AbortController();
    const first = pool.run(1, { ...context, signal: off.signal }, { priority: "critical" });
    const second = pool.run(1, context, { priority: "critical" });
    assert.equal(await Promise.race([first, second]), 1);
    off.abort(new Error("the other was faster"));
    await assert.rejects(first, /faster/);
    await settle();
    assert.deepEqual([ended, pool.status().busy], [[0], 0]);
  });
});
