import { rootContext } from "../../src/context.ts";
import { percentile, perSecond, range } from "./figures.ts";
import { restarted } from "./processes.ts";
import type { Readings } from "./rows.ts";
import { append } from "./state.ts";
import { type Store, openStore, temporaryFile } from "./store.ts";
import { addTasks } from "./tasks.ts";

const context = rootContext("bench");

/** What becomes of the speeds when there is ten times as much. */
export async function measureTenfold(): Promise<Readings> {
  return {
    tasksAtTenfold: await tasksAtTenfold(),
    restartAtTenfold: await restarted(100_000),
    casAtTenfold: await casAtTenfold(),
    ...(await eventsAtTenfold()),
  };
}

async function tasksAtTenfold(): Promise<number> {
  using file = temporaryFile();
  using store = openStore(file.path);
  await queuedTo(store, 10_000);
  await taken(store); // warm
  await queuedTo(store, 10_000);
  const few = await taken(store);
  await queuedTo(store, 100_000);
  return (await taken(store)) / few;
}

/** So many wait. */
async function queuedTo(store: Store, many: number): Promise<void> {
  await addTasks(store, many - store.tasks.counts("work").ready);
}

/** Tasks a second, eight at a time, of which most of the queue is left. */
async function taken({ tasks }: Store): Promise<number> {
  const many = 5_000;
  return await perSecond(many, async () => {
    const enough = Promise.withResolvers<void>();
    let done = 0;
    const work = async (): Promise<void> => {
      done += 1;
      if (done >= many) enough.resolve();
    };
    await using _consumer = tasks.consume("work", work, { concurrency: 8, timeoutMs: 1_000, context });
    await enough.promise;
  });
}

async function casAtTenfold(): Promise<number> {
  using file = temporaryFile();
  using store = openStore(file.path);
  await filledTo(store, 0, 10_000);
  await swapped(store, 10_000); // warm
  const few = await swapped(store, 10_000);
  await filledTo(store, 10_000, 100_000);
  return (await swapped(store, 100_000)) / few;
}

async function filledTo({ memory }: Store, from: number, to: number): Promise<void> {
  for (let first = from; first < to; first += 1_000)
    await memory.batch(
      range(1_000).map((index) => ({ kind: "put", key: `page/${first + index}`, value: { seen: 1 } })),
    );
}

/** Swaps a second, one by one, spread over all keys. */
async function swapped({ memory }: Store, keys: number): Promise<number> {
  const swaps = 5_000;
  return await perSecond(swaps, async () => {
    for (let swap = 0; swap < swaps; swap += 1) {
      const key = `page/${(swap * 7_919) % keys}`;
      const found = await memory.get(key);
      await memory.put(key, { seen: swap }, { ifVersion: found?.version ?? 0 });
    }
  });
}

async function eventsAtTenfold(): Promise<Readings> {
  using file = temporaryFile();
  using store = openStore(file.path);
  const stream = "run/1";
  await append(store, stream, 100_000);
  const few = await append(store, stream, 20_000);
  await append(store, stream, 880_000);
  const many = await append(store, stream, 20_000);
  const last = store.log.lastPlace(stream);
  const waits = range(200).map(() => {
    const startedAt = performance.now();
    if (store.log.read(stream, { after: last - 100 }).length !== 100) throw new Error("Events are missing.");
    return performance.now() - startedAt;
  });
  return { eventsAtTenfold: many / few, readAtTenfold: percentile(waits, 0.99) };
}
