import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import {
  ResourceError,
  Resources,
  type TakeOptions,
  type Wanted,
} from "../../src/coordination/pools/resource-pools.ts";
import { resourceNames } from "../../src/coordination/resources.ts";
import { Gate, doubler, openPool, settle } from "./pool-fixture.ts";

function open(options: ConstructorParameters<typeof Resources>[1] = {}): Resources {
  return new Resources({ clock: systemClock }, { timeoutMs: 60_000, ...options });
}

function inUse(resources: Resources): Record<string, number> {
  return Object.fromEntries(
    resources
      .status()
      .filter((each) => each.inUse > 0)
      .map((each) => [each.name, each.inUse]),
  );
}

describe("shared resources", () => {
  it("C34: holds what work wants while it runs, and frees it however that ends", async () => {
    const resources = open({ sizes: { cpu: 4, tab: 2 } });
    const wanted = { uses: { cpu: 3, tab: 1 }, locks: ["file:x"] };
    const output = await resources.withResources(wanted, rootContext("a"), async () => inUse(resources));
    assert.deepEqual(output, { cpu: 3, tab: 1, "file:x": 1 });
    assert.deepEqual(inUse(resources), {});
    const broken = resources.withResources(wanted, rootContext("a"), () =>
      Promise.reject(new Error("broken")),
    );
    await assert.rejects(broken, /broken/);
    assert.deepEqual(inUse(resources), {});
    assert.deepEqual(
      resources.status().map(({ name }) => name),
      [...resourceNames],
      "names go with their holders",
    );
  });

  it("C34: has the study's sizes where no others are given", () => {
    const sizes = Object.fromEntries(
      open()
        .status()
        .map(({ name, size }) => [name, size]),
    );
    assert.deepEqual(sizes, { cpu: 4, memory: 2, io: 8, tab: 4, llm: 4, general: 16 });
  });

  it("C34: never gives out more than there is, and serves everybody, whatever is wanted in whatever order", async () => {
    const wanted = fc.record({
      uses: fc.record({ cpu: fc.nat(2), io: fc.nat(3), tab: fc.nat(1) }),
      locks: fc.subarray(["a", "b", "c"]),
      priority: fc.constantFrom("critical", "normal", "low"),
      hops: fc.nat(3),
    });
    const property = fc.asyncProperty(fc.array(wanted, { minLength: 1, maxLength: 20 }), async (all) => {
      const resources = open({ sizes: { cpu: 2, io: 3, tab: 1 } });
      let ended = 0;
      const work = async (hops: number): Promise<void> => {
        for (const { inUse, size } of resources.status()) assert.ok(inUse <= size);
        assert.equal(resources.waitsFor().cycle, undefined);
        for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
        ended += 1;
      };
      await Promise.all(
        all.map(({ priority, hops, ...each }, index) =>
          resources.withResources(each, rootContext(`job-${index}`), () => work(hops), { priority }),
        ),
      );
      assert.deepEqual([ended, inUse(resources)], [all.length, {}]);
    });
    await fc.assert(property, { numRuns: 50 });
  });

  it("C34: who waits too long is told what for, and who has it; nothing of what it wanted stays taken", async () => {
    const resources = open({ sizes: { cpu: 1, llm: 1 }, timeoutMs: 10 });
    using _held = await resources.take({ uses: { llm: 1 } }, rootContext("crawl-7"));
    const late = resources.take({ uses: { cpu: 1, llm: 1 } }, rootContext("ask-1"));
    await assert.rejects(
      late,
      (error) =>
        error instanceof ResourceError &&
        error.retryable &&
        error.what === "llm" &&
        error.heldBy.join() === "crawl-7#1" &&
        error.message.startsWith("ask-1#2 cannot have 1 llm of 1: waited"),
    );
    assert.deepEqual(inUse(resources), { llm: 1 });
  });

  it("C34: who wants more than there is, is refused at once", async () => {
    const resources = open({ sizes: { tab: 2 } });
    await assert.rejects(resources.take({ uses: { tab: 3 } }, rootContext("a")), ResourceError);
    assert.deepEqual(inUse(resources), {});
  });

  it("C34: who is called off while it waits leaves, and those behind it are served", async () => {
    const resources = open({ sizes: { cpu: 2 } });
    const held = await resources.take({ uses: { cpu: 1 } }, rootContext("a"));
    const off = new AbortController();
    const big = resources.take({ uses: { cpu: 2 } }, rootContext("b", off.signal));
    const small = resources.take({ uses: { cpu: 1 } }, rootContext("c"));
    await settle();
    assert.deepEqual(inUse(resources), { cpu: 1 }, "who wants much is not passed over for ever");
    off.abort(new Error("off"));
    await assert.rejects(big, /off/);
    (await small).release();
    held.release();
    held.release();
    assert.deepEqual(inUse(resources), {}, "releasing twice is releasing once");
  });

  it("C34: serves who is more urgent first", async () => {
    const resources = open({ sizes: { llm: 1 } });
    const held = await resources.take({ uses: { llm: 1 } }, rootContext("a"));
    const served: string[] = [];
    const ask = (name: string, options: TakeOptions) =>
      resources.withResources(
        { uses: { llm: 1 } },
        rootContext(name),
        async () => void served.push(name),
        options,
      );
    const all = [
      ask("low", { priority: "low" }),
      ask("normal", {}),
      ask("critical", { priority: "critical" }),
    ];
    await settle();
    held.release();
    await Promise.all(all);
    assert.deepEqual(served, ["critical", "normal", "low"]);
  });

  it("C34: one job has no more than its quota, though more is free", async () => {
    const resources = open({ sizes: { tab: 4 }, quotas: { tab: 2 } });
    const tab = { uses: { tab: 1 } };
    const own = [
      await resources.take(tab, rootContext("crawl-1")),
      await resources.take(tab, rootContext("crawl-1/researcher")),
    ];
    let isServed = false;
    const third = resources.take(tab, rootContext("crawl-1")).finally(() => {
      isServed = true;
    });
    using _other = await resources.take(tab, rootContext("ask-1"));
    await settle();
    assert.equal(isServed, false);
    own[0]?.release();
    (await third).release();
    await assert.rejects(resources.take({ uses: { tab: 3 } }, rootContext("ask-1")), ResourceError);
  });

  it("C34: a holder that can hand back is asked when somebody more urgent waits, the least urgent one, once", async () => {
    const resources = open({ sizes: { tab: 2 } });
    const asked: string[] = [];
    const hold = async (name: string, options: TakeOptions) => {
      const held = await resources.take({ uses: { tab: 1 } }, rootContext(name), {
        ...options,
        onRequest: (what) => {
          asked.push(`${name} for ${what}`);
          held.release();
        },
      });
      return held;
    };
    using _normal = await hold("normal", {});
    await hold("low", { priority: "low" });
    using _question = await resources.take({ uses: { tab: 1 } }, rootContext("question"), {
      priority: "critical",
    });
    assert.deepEqual(asked, ["low for tab"]);
    const equal = resources.take({ uses: { tab: 1 } }, rootContext("other"), { timeoutMs: 5 });
    await assert.rejects(equal, ResourceError);
    assert.deepEqual(asked, ["low for tab"], "who is as urgent takes nothing away");
  });

  it("C34: a pool takes what its agent uses, for as long as a call runs", async () => {
    const gate = new Gate();
    const resources = open({ sizes: { tab: 1 } });
    const { pool } = openPool(
      { agent: doubler({ uses: { tab: 1 }, run: gate.run }) },
      { size: 3 },
      { resources },
    );
    const calls = [1, 2, 3].map((input) => pool.run(input, rootContext("job")));
    await settle();
    assert.deepEqual([gate.came, inUse(resources)], [[1], { tab: 1 }]);
    gate.open();
    assert.deepEqual(await Promise.all(calls), [1, 2, 3]);
    assert.deepEqual(inUse(resources), {});
  });

  it("C34: what a call holds that was called off is free when the agent comes back, or is given up", async () => {
    const resources = open({ sizes: { tab: 1 } });
    const { pool } = openPool(
      {
        agent: doubler({
          uses: { tab: 1 },
          run: (input) => (input === 0 ? new Promise(() => {}) : Promise.resolve(input)),
        }),
      },
      { size: 2, timeoutMs: 5, graceMs: 20 },
      { resources },
    );
    await assert.rejects(pool.run(0, rootContext("job")));
    assert.deepEqual(inUse(resources), { tab: 1 });
    assert.equal(await pool.run(1, rootContext("job")), 1);
    assert.deepEqual(inUse(resources), {});
  });

  it("C35: two that want the same things by name, in any order, never wait for each other", async () => {
    const resources = open();
    const want = (name: string, locks: string[]) =>
      resources.withResources({ locks }, rootContext(name), async () => {
        await settle();
        return name;
      });
    const names = ["file:x", "host:y", "memory:z"];
    const all = Array.from({ length: 20 }, (_, index) =>
      want(`job-${index}`, index % 2 === 0 ? names : names.toReversed()),
    );
    assert.equal((await Promise.all(all)).length, 20);
  });

  it("C35: says who waits for whom", async () => {
    const resources = open();
    const held = await resources.take({ locks: ["file:x"] }, rootContext("a"));
    const waiting = resources.take({ locks: ["file:x"] }, rootContext("b"));
    await settle();
    assert.deepEqual(resources.waitsFor(), {
      waits: [{ who: "b#2", what: "file:x", heldBy: ["a#1"] }],
      cycle: undefined,
    });
    held.release();
    (await waiting).release();
    assert.deepEqual(resources.waitsFor(), { waits: [], cycle: undefined });
  });

  it("C35: work that takes more while it holds something is refused at once when that would close a circle, and the other goes on", async () => {
    const resources = open({ timeoutMs: 60_000 });
    const both = Promise.withResolvers<void>();
    const nested = async (name: string, first: string, second: string): Promise<string> =>
      resources.withResources({ locks: [first] }, rootContext(name), async (context) => {
        if (name === "b") both.resolve();
        await both.promise;
        if (name === "b") await settle();
        const inner = { ...context, trace: `${context.trace}/inner` };
        return resources.withResources({ locks: [second] }, inner, async () => name);
      });
    const one = nested("a", "file:x", "file:y");
    const two = nested("b", "file:y", "file:x");
    await assert.rejects(two, (error) => {
      assert.ok(error instanceof ResourceError);
      assert.match(
        error.message,
        /wait for each other: b#2\/inner#4 waits for file:x -> a#1\/inner#3 waits for file:y -> b#2\/inner#4/,
      );
      return true;
    });
    assert.equal(await one, "a");
    assert.deepEqual(inUse(resources), {});
  });

  it("C35: finds the circle also when it is closed by work that takes its things in order", async () => {
    const resources = open({ sizes: { cpu: 1, io: 1 }, timeoutMs: 60_000 });
    const io = await resources.take({ uses: { io: 1 } }, rootContext("a"));
    const cpu = await resources.take({ uses: { cpu: 1 } }, rootContext("b"));
    const nested = resources.take({ uses: { cpu: 1 } }, io.context);
    const inOrder = resources.take({ uses: { cpu: 1, io: 1 } }, rootContext("c"), { priority: "critical" });
    await settle();
    cpu.release(); // `c` is more urgent: it gets the cpu that `a` waits for, and then wants what `a` has
    await assert.rejects(inOrder, /wait for each other/);
    (await nested).release();
    io.release();
    assert.deepEqual(inUse(resources), {});
  });

  it("C35: work that asks again for what it holds is told so, instead of waiting for itself", async () => {
    const resources = open({ timeoutMs: 60_000 });
    const again = resources.withResources({ locks: ["file:x"] }, rootContext("a"), (context) =>
      resources.withResources({ locks: ["file:x"] }, context, async () => {}),
    );
    await assert.rejects(again, /wait for each other: a#1#2 waits for file:x/);
  });

  it("C35: several units are no circle while one of their holders can go on", async () => {
    const resources = open({ sizes: { tab: 2, llm: 1 } });
    const free = await resources.take({ uses: { tab: 1 } }, rootContext("free"));
    const llm = await resources.take({ uses: { llm: 1 } }, rootContext("a"));
    const tab = await resources.take({ uses: { tab: 1 } }, rootContext("b"));
    // `a` has the model and wants a tab, `b` has a tab and wants the model: but `free` will give one back.
    const one = resources.take({ uses: { tab: 1 } }, llm.context);
    const two = resources.take({ uses: { llm: 1 } }, tab.context);
    await settle();
    assert.equal(resources.waitsFor().cycle, undefined);
    free.release();
    (await one).release();
    llm.release();
    (await two).release();
    tab.release();
    assert.deepEqual(inUse(resources), {});
  });

  it("C50: a session of a site and an identity is one agent's at a time, and tabs are no more than there are", async () => {
    const resources = open({ sizes: { tab: 2 } });
    let most = 0;
    const at = new Map<string, number>();
    const browse = (session: string): Promise<void> => {
      const wanted: Wanted = { uses: { tab: 1 }, locks: [`session:${session}`] };
      return resources.withResources(wanted, rootContext("crawl"), async () => {
        at.set(session, (at.get(session) ?? 0) + 1);
        assert.equal(at.get(session), 1);
        most = Math.max(
          most,
          [...at.values()].reduce((sum, count) => sum + count, 0),
        );
        await settle();
        at.set(session, 0);
      });
    };
    const sessions = ["a.example/ann", "a.example/bob", "b.example/ann"];
    await Promise.all(Array.from({ length: 12 }, (_, index) => browse(sessions[index % 3] ?? "")));
    assert.equal(most, 2);
  });
});
