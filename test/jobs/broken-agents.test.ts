import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import type { AppDeps } from "../../src/app.ts";
import type { RunContext } from "../../src/context.ts";
import type { Agent } from "../../src/coordination/agent.ts";
import { DegradedError } from "../../src/coordination/pools/pool-errors.ts";
import { createForager, type Forager } from "../../src/forager.ts";
import { temporaryFolder } from "../cli/run-forager.ts";
import { type GeneratedSite, serveGeneratedSite } from "../sites/generated-site.ts";
import type { Site } from "../sites/static-site.ts";

/** Puts `run` between the agents of a role and their callers. */
function around(
  role: string,
  run: <O>(input: unknown, context: RunContext, work: () => Promise<O>) => Promise<O>,
): NonNullable<AppDeps["wrapAgent"]> {
  return <I, O>(agent: Agent<I, O>): Agent<I, O> => ({
    role: agent.role,
    input: agent.input,
    output: agent.output,
    run: (input, context) =>
      agent.role === role ? run(input, context, () => agent.run(input, context)) : agent.run(input, context),
  });
}

const keepFromStarting: NonNullable<AppDeps["wrapAgent"]> = (agent) =>
  agent.role === "researcher"
    ? { ...agent, start: () => Promise.reject(new Error("the model file is gone")) }
    : agent;

/** The first page waits for the threads that read, which take their time to start; what comes after it does not. */
async function startThreads(forager: Forager, site: Site & GeneratedSite): Promise<void> {
  const [first] = await Array.fromAsync(forager.scrape([site.origin + String(site.documents[1])]));
  assert.equal(first?.status, "ok");
}

/** A stall of some seconds takes no page's whole time. */
const pageTimeoutMs = 10_000;

// They mostly wait, so they do it side by side.
describe("jobs whose agents are broken", { concurrency: true }, () => {
  it("a crawl whose researchers do not start ends and says why; no page counts as tried", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 6, seed: 3 });
    const options = { dataDir: folder.path, embedder: "none" } as const;
    {
      await using forager = createForager(options, { wrapAgent: keepFromStarting });
      await assert.rejects(
        forager.crawl(`${site.origin}/`, { embed: "off" }),
        (error) => error instanceof DegradedError && /the model file is gone/.test(error.message),
      );
      const deadLetters = await Array.fromAsync(forager.deadLetters());
      assert.deepEqual(
        deadLetters.map(({ kind, reason }) => ({ kind, reason })),
        [{ kind: "plan/1", reason: "degraded" }],
      );
    }
    await using forager = createForager(options);
    const { pages } = await forager.crawl(`${site.origin}/`, { embed: "off", maxAttempts: 1 });
    assert.equal(pages, site.documents.length);
    assert.deepEqual(
      (await Array.fromAsync(forager.deadLetters())).filter(({ kind }) => kind !== "page"),
      [],
    );
  });

  it("a page does not pay for those before it that come back late", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 4, seed: 4 });
    let isLate = false;
    let isWarm = false;
    const wrapAgent = around("researcher", async (input, context, work) => {
      if (isLate || !isWarm || !/page-\d/.test((input as { url: string }).url)) return await work();
      isLate = true;
      await delay(pageTimeoutMs, undefined, { signal: context.signal }).catch(() => {});
      await delay(pageTimeoutMs + 100);
      throw new Error("too late");
    });
    await using forager = createForager({ dataDir: folder.path, embedder: "none" }, { wrapAgent });
    await startThreads(forager, site);
    isWarm = true;
    const { pages, failures } = await forager.crawl(`${site.origin}/`, {
      embed: "off",
      concurrency: 1,
      pageTimeoutMs,
      useSitemaps: false,
    });
    assert.ok(isLate);
    // It is given up, or fetched again where the process stood still when its time was up: then nobody had the time.
    const { timeout = 0 } = failures;
    assert.ok(timeout <= 1);
    assert.equal(pages, site.documents.length - timeout);
  });

  it("a page that is scraped does not pay for its place in a long line", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 12, seed: 5, latencyMs: pageTimeoutMs / 10 });
    await using forager = createForager({
      dataDir: folder.path,
      embedder: "none",
      crawl: { concurrency: 1 },
    });
    await startThreads(forager, site);
    const urls = site.documents.map((path) => site.origin + path);
    const scraped = await Array.fromAsync(forager.scrape(urls, { pageTimeoutMs }));
    assert.deepEqual(
      scraped.map(({ status }) => status),
      urls.map(() => "ok"),
    );
  });

  it("whoever stands between agents and callers sees every role, of crawls and of questions", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 4, seed: 6 });
    const called = new Set<string>();
    const wrapAgent = <I, O>(agent: Agent<I, O>): Agent<I, O> =>
      around(agent.role, (_input, _context, work) => {
        called.add(agent.role);
        return work();
      })(agent);
    await using forager = createForager({ dataDir: folder.path, embedder: "none" }, { wrapAgent });
    await forager.crawl(`${site.origin}/`, { embed: "off" });
    assert.deepEqual([...called], ["planner", "researcher", "extractor"]);
    called.clear();
    await forager.ask(site.facts[0]?.question ?? "");
    assert.deepEqual([...called].toSorted(), ["extractor", "planner", "researcher", "validator"]);
  });
});
