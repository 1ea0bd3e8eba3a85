import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AgentRegistry, findNodes } from "../../src/coordination/pools/registry.ts";
import { AgentError } from "../../src/errors.ts";
import { silentLog } from "../../src/log.ts";
import { ManualClock, openBackend } from "./open-backend.ts";
import { Gate, context, doubler, openPool } from "./pool-fixture.ts";

const calm = () => ({ pressure: "normal" });

describe("agent registry", () => {
  it("C2: finds the pools that can do something, the least loaded first, and has them do it", async () => {
    const registry = new AgentRegistry();
    const gate = new Gate();
    const busy = openPool({
      agent: doubler({ role: "extractor", provides: ["html", "pdf"], run: gate.run }),
    }).pool;
    const idle = openPool({ agent: doubler({ role: "extractor", provides: ["html"] }) }).pool;
    registry.register(busy);
    const listed = registry.register(idle);
    const call = busy.run(1, context);
    assert.deepEqual(registry.find({ role: "extractor" }), [idle, busy]);
    assert.deepEqual(registry.find({ needs: ["pdf"] }), [busy]);
    assert.deepEqual(registry.find({ role: "planner" }), []);
    assert.equal(await registry.find({ needs: ["html"] })[0]?.run(4, context), 8);
    await assert.rejects(async () => registry.find({ needs: ["html"] })[0]?.run("four", context), AgentError);
    listed[Symbol.dispose]();
    assert.deepEqual(registry.find({ role: "extractor" }), [busy]);
    gate.open();
    await call;
  });

  it("C2: one member has to be able to do all that is needed", async () => {
    const registry = new AgentRegistry();
    const regions = [["render@eu", "model@de"], ["render@us"]];
    const { pool } = openPool({ createAgent: (place) => doubler({ provides: regions[place] ?? [] }) });
    registry.register(pool);
    pool.start();
    assert.equal(registry.find({ needs: ["render@eu", "model@de"] }).length, 1);
    assert.equal(registry.find({ needs: ["render@us", "model@de"] }).length, 0);
  });

  it("C2: describes what there is and what it does", async () => {
    const registry = new AgentRegistry();
    const { pool } = openPool({ agent: doubler({ provides: ["pdf"] }) }, { size: 2, min: 1, max: 4 });
    registry.register(pool);
    await pool.run(1, context);
    const [found] = registry.describe();
    assert.deepEqual(
      { role: found?.role, offers: found?.offers, min: found?.min, max: found?.max, done: found?.done },
      { role: "doubler", offers: [["pdf"]], min: 1, max: 4, done: 1 },
    );
  });

  it("C2: another process learns from the memory who can render JavaScript in region eu with a German model", async () => {
    using backend = openBackend({ clock: new ManualClock() });
    const { memory } = backend;
    const nodes = { frankfurt: ["render@eu", "model@de"], virginia: ["render@us", "model@de"] };
    const published: AsyncDisposable[] = [];
    for (const [node, provides] of Object.entries(nodes)) {
      const registry = new AgentRegistry();
      registry.register(openPool({ agent: doubler({ role: "researcher", provides }) }).pool);
      published.push(await registry.publish({ memory, log: silentLog }, { node, about: calm }));
    }
    const query = { role: "researcher", needs: ["render@eu", "model@de"] };
    const [found, ...others] = await findNodes(memory, query);
    assert.deepEqual([found?.node, others.length, found?.about], ["frankfurt", 0, { pressure: "normal" }]);
    assert.deepEqual(
      found?.pools.map(({ role, offers, size, busy }) => ({ role, offers, size, busy })),
      [{ role: "researcher", offers: [["render@eu", "model@de"]], size: 2, busy: 0 }],
    );
    for (const each of published) await each[Symbol.asyncDispose]();
    assert.deepEqual(await findNodes(memory, query), [], "who leaves takes its record along");
  });

  it("C2: a record is renewed while its process lives, and expires when it does not", async () => {
    const clock = new ManualClock();
    using backend = openBackend({ clock });
    const { memory } = backend;
    const registry = new AgentRegistry();
    registry.register(openPool({ agent: doubler() }).pool);
    const record = await registry.publish({ memory, log: silentLog }, { node: "here", renewEveryMs: 10 });
    const { version: since = 0 } = (await memory.get("agents/here")) ?? {};
    for await (const { kind } of memory.watch("agents/here", {
      since,
      signal: AbortSignal.timeout(60_000),
    })) {
      assert.equal(kind, "put");
      break;
    }
    await record[Symbol.asyncDispose]();
    await using _last = await registry.publish(
      { memory, log: silentLog },
      { node: "here", renewEveryMs: 3_600_000 },
    );
    assert.equal((await findNodes(memory, {})).length, 1);
    clock.advance(3 * 3_600_000 + 1);
    assert.deepEqual(await findNodes(memory, {}), []);
  });
});
