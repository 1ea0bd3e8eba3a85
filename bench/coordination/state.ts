import { setImmediate as nextTurn } from "node:timers/promises";
import { percentile, perSecond, range } from "./figures.ts";
import type { Readings } from "./rows.ts";
import { type Store, openStore, temporaryFile } from "./store.ts";

/** The versioned memory and the event log. */
export async function measureState(): Promise<Readings> {
  using file = temporaryFile();
  using store = openStore(file.path);
  await casAtOnce(store, 2_000); // warm
  return {
    casSequential: await casSequential(store, 10_000),
    casAtOnce: await casAtOnce(store, 20_000),
    events: await append(store, "run/1", 100_000),
    watchOwnP99: await watched(store),
  };
}

async function casSequential({ memory }: Store, swaps: number): Promise<number> {
  let { version } = await memory.put("alone", 0);
  return await perSecond(swaps, async () => {
    for (let value = 0; value < swaps; value += 1)
      ({ version } = await memory.put("alone", value, { ifVersion: version }));
  });
}

/** 64 writers, each with a key of its own: what waits together is one commit. */
async function casAtOnce({ memory }: Store, swaps: number): Promise<number> {
  const writers = 64;
  return await perSecond(swaps, async () => {
    const write = async (writer: number): Promise<void> => {
      let { version } = await memory.put(`writer/${writer}`, 0);
      for (let value = 1; value < swaps / writers; value += 1)
        ({ version } = await memory.put(`writer/${writer}`, value, { ifVersion: version }));
    };
    await Promise.all(range(writers).map(write));
  });
}

/** Events a second, 50 a commit. */
export async function append({ database, log }: Store, stream: string, many: number): Promise<number> {
  return await perSecond(many, async () => {
    for (let first = 0; first < many; first += 50) {
      database.writeNow(() => {
        for (let index = 0; index < 50; index += 1)
          log.append(stream, "page-stored", { url: "https://a.example/" }, first);
      });
    }
  });
}

async function watched({ memory }: Store): Promise<number> {
  const stop = new AbortController();
  const waits: number[] = [];
  const watch = async (): Promise<void> => {
    for await (const change of memory.watch("policy/", { signal: stop.signal }))
      if (change.kind === "put") waits.push(performance.now() - Number(change.value));
  };
  const watching = watch().catch((error: unknown) => {
    if (!stop.signal.aborted) throw error;
  });
  const changes = 1_000;
  for (let change = 0; change < changes; change += 1) {
    await nextTurn();
    await memory.put("policy/host", performance.now());
  }
  while (waits.length < changes) await nextTurn();
  stop.abort();
  await watching;
  return percentile(waits, 0.99);
}
