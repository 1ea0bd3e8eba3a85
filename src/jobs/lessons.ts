import type { Lessons } from "../browser/lessons.ts";
import type { Memory, MemoryOperation } from "../coordination/memory.ts";

/** A site that nobody has crawled for so long is looked at afresh. */
const keptMs = 30 * 24 * 3_600_000;
/** Lessons written in one transaction. */
const batchSize = 200;

/** Gives what earlier crawls learned about sites to those who go there now. */
export async function restoreLessons(memory: Memory, parts: readonly Lessons[]): Promise<void> {
  for (const part of parts) {
    const prefix = prefixOf(part);
    const { entries } = await memory.list(prefix);
    for (const { key, value } of entries) part.restore(key.slice(prefix.length), value);
  }
}

/** Keeps what was learned since the last time. @returns How many lessons changed. */
export async function keepLessons(memory: Memory, parts: readonly Lessons[]): Promise<number> {
  const operations = parts.flatMap((part) =>
    Array.from(part.changed(), ([key, value]): MemoryOperation => {
      const path = prefixOf(part) + key;
      return value === undefined
        ? { kind: "delete", key: path }
        : { kind: "put", key: path, value, options: { ttlMs: keptMs } };
    }),
  );
  for (let from = 0; from < operations.length; from += batchSize)
    await memory.batch(operations.slice(from, from + batchSize));
  return operations.length;
}

function prefixOf(part: Lessons): string {
  return `learned/${part.name}/`;
}
