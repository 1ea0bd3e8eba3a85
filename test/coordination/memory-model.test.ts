import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { SqliteMemory } from "../../src/coordination/backends/sqlite/memory.ts";
import {
  type Change,
  CompactedError,
  type MemoryOperation,
  VersionConflictError,
} from "../../src/coordination/memory.ts";
import { ForagerError } from "../../src/errors.ts";
import { Model, keptChanges } from "./memory-model.ts";
import { ManualClock, openBackend } from "./open-backend.ts";

const keys = ["a", "b/1", "b/2", "sum/x"] as const;

class Real {
  readonly clock = new ManualClock();
  readonly backend = openBackend({ clock: this.clock });
  readonly memory = new SqliteMemory({ database: this.backend.database, clock: this.clock }, { keptChanges });

  constructor() {
    this.memory.declare({ prefix: "sum/", merge: "sum" });
  }
}

/** A version somebody may have in mind: the one that is there, none, or one that is long gone. */
type Guess = "current" | "none" | "stale" | "any";
const guess = fc.constantFrom<Guess>("current", "none", "stale", "any");

type Step =
  | {
      readonly kind: "put";
      readonly key: string;
      readonly value: number;
      readonly guess: Guess;
      readonly ttlMs?: number;
      readonly fence?: number;
    }
  | { readonly kind: "merge"; readonly value: number }
  | { readonly kind: "delete"; readonly key: string; readonly guess: Guess };

const key = fc.constantFrom(...keys);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record(
    {
      kind: fc.constant("put" as const),
      key,
      value: fc.nat(9),
      guess,
      ttlMs: fc.constantFrom(10, 30),
      fence: fc.nat(2),
    },
    { requiredKeys: ["kind", "key", "value", "guess"] },
  ),
  fc.record({ kind: fc.constant("merge" as const), value: fc.nat(2) }),
  fc.record({ kind: fc.constant("delete" as const), key, guess }),
);

function versionOf(model: Model, key: string, guess: Guess): { readonly ifVersion?: number } {
  const current = model.entries.get(key)?.version ?? 0;
  const versions = { current, none: 0, stale: Math.max(0, current - 1), any: undefined };
  const ifVersion = versions[guess];
  return ifVersion === undefined ? {} : { ifVersion };
}

/** Does steps to a model; what is wrong with one of them leaves the model as it was. */
function apply(
  model: Model,
  steps: readonly Step[],
  now: number,
): { operations: MemoryOperation[]; error?: unknown } {
  const before = model.copy();
  const operations: MemoryOperation[] = [];
  let error: unknown;
  for (const each of steps) {
    try {
      if (each.kind === "merge") {
        operations.push({ kind: "merge", key: "sum/x", value: each.value });
        if (error === undefined) model.merge("sum/x", each.value, now);
        continue;
      }
      const expected = versionOf(model, each.key, each.guess);
      if (each.kind === "delete") {
        operations.push({ kind: "delete", key: each.key, ...expected });
        if (error === undefined) model.delete(each.key, now, expected.ifVersion);
      } else {
        const { ttlMs, fence } = each;
        const options = {
          ...expected,
          ...(ttlMs === undefined ? {} : { ttlMs }),
          ...(fence === undefined ? {} : { fence }),
        };
        operations.push({ kind: "put", key: each.key, value: each.value, options });
        if (error === undefined) model.put(each.key, each.value, now, options);
      }
    } catch (thrown) {
      error = thrown;
    }
  }
  if (error === undefined) return { operations };
  Object.assign(model, before);
  return { operations, error };
}

const codeOf = (thrown: unknown) => (thrown instanceof ForagerError ? thrown.code : String(thrown));

/** One operation, or several of which all or none are done. */
class Write implements fc.AsyncCommand<Model, Real> {
  readonly #steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
  }

  check = () => true;

  async run(model: Model, { memory, clock }: Real): Promise<void> {
    const { operations, error } = apply(model, this.#steps, clock.now());
    let failure: unknown;
    try {
      assert.equal(await perform(memory, operations), model.revision);
    } catch (thrown) {
      failure = thrown;
    }
    assert.equal(failure && codeOf(failure), error && codeOf(error));
    if (error instanceof VersionConflictError) {
      assert.equal((failure as VersionConflictError).version, error.version);
    }
  }

  toString = () => `write ${JSON.stringify(this.#steps)}`;
}

/** Through the method of its own where there is but one. @returns The revision after it. */
async function perform(memory: SqliteMemory, operations: readonly MemoryOperation[]): Promise<number> {
  const [only] = operations;
  if (!only || operations.length > 1) return await memory.batch(operations);
  if (only.kind === "put") await memory.put(only.key, only.value, only.options);
  if (only.kind === "merge") await memory.merge(only.key, only.value);
  if (only.kind === "delete") await memory.delete(only.key, only);
  return memory.rows.revision();
}

class Wait implements fc.AsyncCommand<Model, Real> {
  readonly #milliseconds: number;

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  check = () => true;

  async run(_: Model, { clock }: Real): Promise<void> {
    clock.advance(this.#milliseconds);
  }

  toString = () => `wait ${this.#milliseconds}`;
}

class Read implements fc.AsyncCommand<Model, Real> {
  check = () => true;

  async run(model: Model, { memory, clock }: Real): Promise<void> {
    const alive = [...model.entries]
      .filter(([, { expiresAt }]) => expiresAt > clock.now())
      .map(([key, { value, version, expiresAt }]) => ({
        key,
        value,
        version,
        expiresAt: expiresAt === Infinity ? undefined : expiresAt,
      }))
      .toSorted((left, right) => (left.key < right.key ? -1 : 1));
    assert.deepEqual(await memory.list(""), { revision: model.revision, entries: alive });
    for (const each of keys) {
      assert.deepEqual(
        await memory.get(each),
        alive.find(({ key }) => key === each),
      );
    }
  }

  toString = () => "read";
}

class Compact implements fc.AsyncCommand<Model, Real> {
  check = () => true;

  async run(model: Model, { memory, backend, clock }: Real): Promise<void> {
    model.expireAll(clock.now());
    await backend.database.write(() => memory.compact(clock.now()));
    assert.equal(await backend.database.write(() => memory.compact(clock.now())), 0);
  }

  toString = () => "compact";
}

/** A watcher that comes with a revision from up to `back` changes ago, and stays until it has seen all there is. */
class Watch implements fc.AsyncCommand<Model, Real> {
  readonly #back: number;
  readonly #prefix: string;

  constructor(back: number, prefix: string) {
    this.#back = back;
    this.#prefix = prefix;
  }

  check = () => true;

  async run(model: Model, real: Real): Promise<void> {
    await new Compact().run(model, real);
    const since = Math.max(0, model.revision - this.#back);
    const oldest = model.changes[0]?.revision ?? 1;
    const expected = model.changes.filter(
      ({ revision, key }) => revision > since && key.startsWith(this.#prefix),
    );
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]);
    const changes = real.memory.watch(this.#prefix, { since, signal })[Symbol.asyncIterator]();
    try {
      if (since < oldest - 1) {
        await assert.rejects(changes.next(), CompactedError);
        return;
      }
      const seen: Change[] = [];
      for (const _ of expected) seen.push((await changes.next()).value);
      assert.deepEqual(seen, expected);
      const more = changes.next();
      stop.abort(new Error("seen"));
      await assert.rejects(more, /seen/);
    } finally {
      await changes.return?.();
    }
  }

  toString = () => `watch ${this.#prefix} from ${this.#back} ago`;
}

describe("memory model", () => {
  it("Memory 30-36: does what a map with a list of changes would, whatever is done in whatever order", async () => {
    const commands = [
      step.map((each) => new Write([each])),
      step.map((each) => new Write([each])),
      fc.array(step, { minLength: 2, maxLength: 4 }).map((steps) => new Write(steps)),
      fc.constantFrom(1, 9, 10, 30).map((milliseconds) => new Wait(milliseconds)),
      fc.constant(new Read()),
      fc.constant(new Compact()),
      fc
        .record({ back: fc.nat(15), prefix: fc.constantFrom("", "b/", "sum/") })
        .map(({ back, prefix }) => new Watch(back, prefix)),
    ];
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: "max" }), async (sequence) => {
        const real = new Real();
        try {
          await fc.asyncModelRun(() => ({ model: new Model(), real }), sequence);
        } finally {
          real.backend.database.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
