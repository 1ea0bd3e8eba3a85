// What do the task queue, the event log and an agent pool cost? `node bench/coordination.ts`
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { systemClock } from "../src/clock.ts";
import { rootContext } from "../src/context.ts";
import { coordinationSchema, createSqliteBackend } from "../src/coordination/backends/sqlite/index.ts";
import { AgentPool } from "../src/coordination/pools/pool.ts";
import { Database } from "../src/database.ts";
import { EventStream } from "../src/events.ts";

const context = rootContext("bench");
const folder = mkdtempSync(join(tmpdir(), "forager-bench-"));
const database = new Database(join(folder, "forager.db"), { schema: [coordinationSchema] });
const { tasks, log } = createSqliteBackend({ database, clock: systemClock });

const work = (input: number) => ({ kind: "work", input });

try {
  const count = 10_000;
  await measure("tasks added, 100 at a time", count, async () => {
    for (let first = 0; first < count; first += 100) {
      await tasks.add(Array.from({ length: 100 }, (_, index) => work(first + index)));
    }
  });
  for (const concurrency of [1, 8, 64]) {
    if (concurrency > 1) await tasks.add(Array.from({ length: count }, (_, index) => work(index)));
    await measure(`tasks claimed, run and ended, ${concurrency} at a time`, count, async () => {
      await using consumer = tasks.consume("work", async (input) => input, {
        concurrency,
        timeoutMs: 1_000,
        context,
      });
      await consumer.idle();
    });
  }
  const waits: number[] = [];
  await using _idle = tasks.consume("one", async () => waits.push(performance.now()), {
    concurrency: 1,
    timeoutMs: 1_000,
    context,
  });
  for (let round = 0; round < 500; round += 1) {
    const addedAt = performance.now();
    const [id] = await tasks.add([{ kind: "one", input: 0 }]);
    await tasks.wait(Number(id));
    waits.push((waits.pop() ?? 0) - addedAt);
  }
  waits.sort((left, right) => left - right);
  console.log(`from add to start: p50 ${waits[250]?.toFixed(2)} ms, p99 ${waits[495]?.toFixed(2)} ms`);
  await measure("events appended, 50 a commit", 50_000, async () => {
    for (let round = 0; round < 1_000; round += 1) {
      database.writeNow(() => {
        for (let index = 0; index < 50; index += 1)
          log.append("run/1", "page-stored", { url: "https://a.example/" }, round);
      });
    }
  });

  const agent = { role: "echo", input: z.int(), output: z.int(), run: async (input: number) => input };
  const pool = new AgentPool(
    { agent, events: new EventStream(), clock: systemClock },
    { size: 8, timeoutMs: 1_000 },
  );
  const calls = 50_000;
  for (const round of ["cold", "warm"]) {
    await measure(`pool calls, one after another, ${round}`, calls, async () => {
      for (let call = 0; call < calls; call += 1) await pool.run(call, context);
    });
  }
} finally {
  database.close();
  rmSync(folder, { recursive: true });
}

async function measure(name: string, count: number, work: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  await work();
  const ms = performance.now() - startedAt;
  console.log(`${name}: ${Math.round((count / ms) * 1_000)}/s, ${((ms / count) * 1_000).toFixed(1)} us each`);
}
