import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { rootContext } from "../../src/context.ts";
import { DegradedError } from "../../src/coordination/pools/pool-errors.ts";
import { MissingError, NetworkError, TimeoutError } from "../../src/errors.ts";
import { ManualClock } from "./open-backend.ts";
import { Gate, context, doubler, openPool, settle } from "./pool-fixture.ts";
import { until } from "./task-helpers.ts";

/** A call that fails, whatever with. */
async function fails(call: Promise<unknown>): Promise<void> {
  await assert.rejects(call);
}

/** An agent that is broken for even numbers, and hangs at 3. */
async function runUnlessEven(input: number): Promise<number> {
  if (input % 2 === 0) throw new TypeError("broken");
  return input === 3 ? await new Promise(() => {}) : input;
}

/** What calls of a pool get that cannot start its agent. */
function isAboutChromium(error: unknown): boolean {
  return (
    error instanceof DegradedError && /Chromium/.test(error.message) && error.cause instanceof MissingError
  );
}

describe("agent healing", () => {
  it("C38: a member whose calls throw unexpectedly three times in a row is replaced, and what it knew is handed over", async () => {
    const steps: string[] = [];
    let made = 0;
    const createAgent = () => {
      made += 1;
      const name = `agent ${made}`;
      const isBroken = made === 1;
      return doubler({
        start: async (_signal, handedOver) => void steps.push(`${name} starts with ${String(handedOver)}`),
        stop: async () => void steps.push(`${name} stops`),
        handOver: () => `cookies of ${name}`,
        run: async (input) => {
          if (isBroken) throw new TypeError("cannot read properties of undefined");
          return input;
        },
      });
    };
    const { pool, seen } = openPool({ createAgent }, { size: 1 });
    for (let call = 0; call < 3; call += 1) await fails(pool.run(call, context));
    assert.equal(await pool.run(7, context), 7, "the very next call is served");
    assert.deepEqual(steps, [
      "agent 1 starts with undefined",
      "agent 2 starts with cookies of agent 1",
      "agent 1 stops",
    ]);
    const why = "3 calls in a row failed: cannot read properties of undefined";
    const about = { role: "doubler", member: "doubler.0", why };
    assert.deepEqual(
      seen.filter(({ type }) => type === "agent-isolated" || type === "agent-replaced"),
      [
        { type: "agent-isolated", ...about },
        { type: "agent-replaced", ...about },
      ],
    );
  });

  it("C38: failures that are answers of the work itself, or that are not in a row, replace nobody", async () => {
    const { pool, types } = openPool(
      {
        createAgent: () =>
          doubler({
            run: async (input) => {
              if (input === 1) throw new NetworkError("No answer.");
              if (input === 2) throw new TypeError("broken");
              return input;
            },
          }),
      },
      { size: 1 },
    );
    for (const input of [1, 1, 1, 2, 2, 0, 2, 2, 0]) await pool.run(input, context).catch(() => {});
    assert.deepEqual(new Set(types()), new Set(["agent-failed"]));
  });

  it("C38: one shared agent has no replacement, and goes on", async () => {
    const { pool } = openPool({ agent: doubler({ run: runUnlessEven }) }, { size: 1 });
    for (let call = 0; call < 20; call += 1) await fails(pool.run(0, context));
    assert.equal(await pool.run(1, context), 1);
  });

  it("C38: a member that does not come back when called off is isolated: another has its place, it is stopped, and what it brings late is dropped", async () => {
    const late = Promise.withResolvers<number>();
    const steps: string[] = [];
    let made = 0;
    const createAgent = () => {
      made += 1;
      const name = `agent ${made}`;
      return doubler({
        stop: async () => void steps.push(`${name} stops`),
        run: async (input) => {
          steps.push(`${name} runs ${input}`);
          return input === 0 ? await late.promise : input;
        },
      });
    };
    const { pool, types } = openPool({ createAgent }, { size: 1, timeoutMs: 10, graceMs: 10 });
    await assert.rejects(pool.run(0, context), TimeoutError);
    assert.equal(await pool.run(7, context), 7);
    assert.deepEqual(steps, ["agent 1 runs 0", "agent 1 stops", "agent 2 runs 7"]);
    assert.deepEqual(types(), ["agent-failed", "agent-isolated", "agent-replaced"]);
    late.resolve(50);
    await settle();
    assert.deepEqual([pool.status().done, pool.status().members], [1, { idle: 1 }]);
  });

  it("C38: the other calls of a member that is isolated end as they would", async () => {
    const gate = new Gate();
    let stops = 0;
    const createAgent = () =>
      doubler({
        run: (input) => (input === 0 ? new Promise(() => {}) : gate.run(input)),
        stop: async () => void (stops += 1),
      });
    const { pool, types } = openPool({ createAgent }, { size: 1, slots: 2, graceMs: 5 });
    const off = new AbortController();
    const hung = pool.run(0, rootContext("test", off.signal));
    const other = pool.run(1, context);
    off.abort(new Error("off"));
    await assert.rejects(hung, /off/);
    await until("the isolation", () => types().includes("agent-replaced"));
    assert.deepEqual([stops, pool.status().members], [0, { idle: 1, unhealthy: 1 }]);
    gate.open();
    assert.equal(await other, 1);
    await settle();
    assert.deepEqual([stops, pool.status().members], [1, { idle: 1 }]);
  });

  it("C38: a call that waits for a member that fails moves to another", async () => {
    const gate = new Gate();
    const created: number[] = [];
    const createAgent = (place: number) => {
      const isSecond = created.includes(place);
      created.push(place);
      return doubler({
        start: async () => {
          if (isSecond) throw new Error("no more");
        },
        run: async (input) => {
          if (input > 0) return place;
          await gate.run(input);
          throw new TypeError("broken");
        },
      });
    };
    const { pool } = openPool({ createAgent }, { size: 2, selection: "affinity" });
    const key = { affinity: "site" };
    const home = await pool.run(1, context, key);
    const failing = [0, 0, 0].map((input) => pool.run(input, context, key));
    const waiting = pool.run(1, context, key);
    assert.equal(pool.status().waiting, 3);
    gate.open();
    for (const call of failing) await fails(call);
    assert.equal(await waiting, 1 - home, "its own place has nobody for now: the other member takes it");
  });

  it("C37: a member whose check fails while it is idle is replaced", async () => {
    let made = 0;
    const createAgent = () => {
      made += 1;
      const number = made;
      let checks = 0;
      return doubler({
        run: async () => number,
        check: async () => {
          checks += 1;
          if (number === 1 && checks > 1) throw new Error("the browser is gone");
        },
      });
    };
    const { pool, seen } = openPool({ createAgent }, { size: 1 });
    assert.equal(await pool.run(1, context), 1);
    await pool.check();
    assert.equal(await pool.run(1, context), 2);
    const isolated = seen.find((event) => event.type === "agent-isolated");
    assert.equal(isolated?.why, "its check failed: the browser is gone");
    await pool.check();
    assert.equal(await pool.run(1, context), 2);
  });

  it("C38: after five restarts in a minute calls fail fast with the reason, and a minute after the first it is tried again", async () => {
    const clock = new ManualClock();
    let starts = 0;
    let isMissing = true;
    const createAgent = () =>
      doubler({
        start: async () => {
          starts += 1;
          if (isMissing) throw new MissingError("Chromium", "is not installed.");
        },
      });
    const { pool } = openPool({ createAgent }, { size: 1 }, { clock });
    await assert.rejects(pool.run(1, context), isAboutChromium);
    assert.equal(starts, 6, "once, and five times again");
    assert.equal(pool.status().outage?.retryAt, clock.now() + 60_000);
    const policy = { kind: "delegated", to: async (input: number) => input } as const;
    assert.equal(await pool.run(9, context, { policy }), 9, "who may do it elsewhere does");
    clock.advance(59_999);
    await assert.rejects(pool.run(1, context), isAboutChromium);
    assert.equal(starts, 6);
    clock.advance(1);
    isMissing = false;
    assert.equal(await pool.run(1, context), 2);
    assert.equal(starts, 7);
    assert.equal(pool.status().outage, undefined);
  });

  it("C38: while some members work, calls go to them", async () => {
    const { pool } = openPool({
      createAgent: (place) =>
        doubler({
          start: async () => {
            if (place === 0) throw new Error("broken");
          },
          run: async () => place,
        }),
    });
    const places = await Promise.all([1, 2, 3, 4].map((input) => pool.run(input, context)));
    assert.deepEqual(places, [1, 1, 1, 1]);
    assert.equal(pool.status().outage, undefined);
  });

  it("C38: a place whose agent cannot even be made is no more than empty", async () => {
    let made = 0;
    const createAgent = () => {
      made += 1;
      if (made > 1) throw new Error("out of handles");
      return doubler({ run: () => Promise.reject(new TypeError("broken")) });
    };
    const { pool } = openPool({ createAgent }, { size: 1 });
    for (let call = 0; call < 3; call += 1) await fails(pool.run(call, context));
    await assert.rejects(pool.run(1, context), /none could be made: out of handles/);
  });

  it("C38: a call that comes right after a member failed for good is done by the one in its place", async () => {
    let made = 0;
    const createAgent = () => {
      made += 1;
      const isBroken = made === 1;
      return doubler({
        start: settle,
        run: async (input) => {
          if (isBroken) throw new TypeError("broken");
          return input;
        },
      });
    };
    const { pool } = openPool({ createAgent }, { size: 1 });
    for (let call = 0; call < 3; call += 1) await fails(pool.run(call, context));
    assert.equal(await pool.run(7, context), 7);
    assert.equal(made, 2);
  });

  it("leaves no listener on the job's signal, whatever became of its calls", async () => {
    const job = new AbortController();
    let listeners = 0;
    const { signal } = job;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    const { pool } = openPool(
      { agent: doubler({ run: runUnlessEven }) },
      { size: 1, timeoutMs: 10, graceMs: 5 },
    );
    await Promise.allSettled([1, 2, 3, 4, 5].map((input) => pool.run(input, rootContext("job", signal))));
    await until("the end of the last one", () => pool.status().busy === 0);
    assert.deepEqual([listeners, pool.status().busy], [0, 0]);
  });
});
