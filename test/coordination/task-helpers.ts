import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { rootContext } from "../../src/context.ts";
import type { NewTask } from "../../src/coordination/new-task.ts";
import type { TaskContext } from "../../src/coordination/tasks.ts";
import type { OpenBackend } from "./open-backend.ts";

export const context = rootContext("test");
export type Handler = (input: unknown, context: TaskContext) => Promise<unknown>;

/** A task of kind "work". */
export const work = (input: unknown, more: Partial<NewTask> = {}): NewTask => ({
  kind: "work",
  input,
  ...more,
});

/** Consumes kind "work" until nothing of it is left. */
export async function consumeAll(
  backend: OpenBackend,
  handler: Handler,
  options: {
    readonly concurrency?: number;
    readonly timeoutMs?: number;
    readonly capabilities?: readonly string[];
  } = {},
): Promise<void> {
  await using consumer = backend.tasks.consume("work", handler, {
    concurrency: 1,
    timeoutMs: 60_000,
    context,
    ...options,
  });
  await consumer.idle(AbortSignal.timeout(60_000));
}

/** Adds one task and gives its id. */
export async function addOne(backend: OpenBackend, task: NewTask): Promise<number> {
  const [id] = await backend.tasks.add([task]);
  return Number(id);
}

/** Waits for something that comes about by itself. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const late = AbortSignal.timeout(60_000);
  while (!isSo()) {
    assert.ok(!late.aborted, `${what} did not come about`);
    await delay(1);
  }
}
