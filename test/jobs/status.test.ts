import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type Clock, systemClock } from "../../src/clock.ts";
import { rootContext } from "../../src/context.ts";
import { NamedLocks } from "../../src/coordination/plans/admission.ts";
import { runPlan } from "../../src/coordination/plans/run-plan.ts";
import { bySource } from "../../src/coordination/plans/templates.ts";
import { DataFolder } from "../../src/data-folder.ts";
import { EventStream } from "../../src/events.ts";
import { createForager } from "../../src/index.ts";
import { forager, startForager, temporaryFolder } from "../cli/run-forager.ts";
import { serveGeneratedSite } from "../sites/generated-site.ts";

const hosts = ["a.example", "b.example", "c.example", "d.example"];
const nodeMs = 1_000;

/** A site that answers no more once it was asked for most of its pages: a crawl of it does not end before it has been seen. */
async function serveEndlessly(seed: number) {
  let asked = 0;
  const gate = () => ((asked += 1) > 200 ? new Promise<void>(() => {}) : undefined);
  return await serveGeneratedSite({ pages: 300, seed, latencyMs: 300, gate });
}

/** Time that passes when somebody waits, and only then. */
function waitingClock(): Clock & { readonly advance: (ms: number) => void } {
  let now = Date.now();
  return {
    now: () => now,
    sleep: (ms, signal) => systemClock.sleep(ms, signal),
    advance: (ms) => void (now += ms),
  };
}

describe("forager status", () => {
  it("C30: shows what sharing a plan out brought, against its bound, and why another was done in order", async () => {
    await using folder = await temporaryFolder();
    const clock = waitingClock();
    {
      using data = DataFolder.open(folder.path, {
        isCreated: true,
        clock,
        embedder: undefined,
      });
      const { runs, tasks, memory } = data.coordination;
      const floor = { tasks, memory, locks: new NamedLocks(), clock, events: new EventStream() };
      const plan = bySource("research four sites", hosts, (host) => ({
        role: "researcher",
        input: { host },
      }));
      const perform = async (workMs: number, expectedMs: number, isShared: boolean) => {
        const run = await data.database.write(() => runs.start("research", `${workMs}`, {}, clock.now()));
        // Where they are done side by side, the four are under way for the same time.
        const all = Promise.withResolvers<void>();
        let underWay = 0;
        const handlers = () => async () => {
          underWay += 1;
          if (!isShared || underWay === hosts.length) {
            clock.advance(workMs);
            all.resolve();
          }
          await all.promise;
          return "found";
        };
        return await runPlan(
          { ...floor, handlers, estimate: () => expectedMs },
          plan,
          { run: run.id },
          rootContext("test"),
        );
      };
      const worth = await perform(nodeMs, 2 * nodeMs, true);
      const notWorth = await perform(20, 20, false);
      assert.deepEqual([worth.choice.mode, worth.choice.slots], ["parallel", 4]);
      assert.equal(worth.speedUp.wallMs, nodeMs);
      assert.equal(notWorth.choice.mode, "sequential");
    }
    const { out } = await forager("status", "--data-dir", folder.path);
    assert.match(out, /research four sites: parallel, 4 at once \(100 % of the work/);
    assert.match(out, /4\/4 done.*\n(.*done +source-\d \(researcher\) \d+ ms\n){4}/);
    assert.match(out, /4000 ms of work in 1000 ms: 4\.00x of at most 4\.00x/);
    assert.match(out, /research four sites: sequential, 1 at once \(0\.1 s of work, worth it from 5 s on\)/);
  });

  it("C30: shows a crawl under way from another process: its agents, its tasks, its pace, its plan", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveEndlessly(3);
    const words = ["crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off"];
    const { child, ended } = startForager([...words, "--concurrency", "4"]);
    await using watcher = createForager({ dataDir: folder.path, embedder: "none" });
    const status = await untilFound(async () => {
      const now = await watcher.status();
      return now.runs[0]?.progress?.leftMs && now.agents[0] ? now : undefined;
    });
    child.kill("SIGINT");
    await ended;
    assert.ok(status?.agents[0] && status.runs[0]?.progress);
    assert.equal(status.agents[0].node.split("@")[0], String(child.pid));
    assert.deepEqual(
      status.agents[0].pools.map(({ role, max }) => [role, max]).filter(([role]) => role === "researcher"),
      [["researcher", 4]],
    );
    assert.ok(status.runs[0].progress.pagesPerSecond > 0);
    assert.equal(status.queues[`plan/${status.runs[0].id}`]?.leased, 1);
    assert.equal(status.runs[0].plan?.nodes.find(({ id }) => id === "pages")?.state, "running");
    const after = await watcher.status();
    assert.deepEqual([after.agents, after.runs[0]?.state], [[], "interrupted"]);
  });

  it("says of a crawl that was killed that nobody works on it, and what is to be taken up again", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveEndlessly(4);
    const words = ["crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off"];
    const { child, ended } = startForager(words);
    await using watcher = createForager({ dataDir: folder.path, embedder: "none" });
    const isUnderWay = async () => {
      const { agents, runs } = await watcher.status();
      return agents[0] && runs[0]?.plan?.nodes.find(({ id, state }) => id === "pages" && state === "running");
    };
    assert.ok(await untilFound(isUnderWay));
    child.kill("SIGKILL");
    await ended;
    const { agents, owner, runs } = await watcher.status();
    assert.deepEqual([agents, owner, runs[0]?.state], [[], undefined, "interrupted"]);
    assert.equal(runs[0]?.plan?.nodes.find(({ id }) => id === "pages")?.state, "ready");
    assert.equal(runs[0].plan.etaMs, 0);
  });
});

/** Looks again and again, for minutes. */
async function untilFound<T>(look: () => Promise<T | undefined>): Promise<T | undefined> {
  const late = AbortSignal.timeout(240_000);
  while (!late.aborted) {
    const found = await look().catch(() => undefined); // the folder is not there yet
    if (found !== undefined) return found;
    await delay(100);
  }
  return undefined;
}
