import type { Clock } from "../../../clock.ts";
import type { EventLog } from "../../event-log.ts";
import type { PutOptions } from "../../memory.ts";
import type { NewTask } from "../../new-task.ts";
import type { Transaction } from "../../transaction.ts";
import type { MemoryRows } from "./memory-rows.ts";

/** Effects on the data file, done at once inside the `Database.write` that they are part of. */
export class SqliteTransaction implements Transaction {
  readonly #addTasks: (tasks: readonly NewTask[]) => void;
  readonly #memory: Pick<MemoryRows, "put" | "merge" | "delete">;
  readonly #log: EventLog;
  readonly #clock: Clock;

  constructor(deps: {
    readonly addTasks: (tasks: readonly NewTask[]) => void;
    readonly memory: Pick<MemoryRows, "put" | "merge" | "delete">;
    readonly log: EventLog;
    readonly clock: Clock;
  }) {
    this.#addTasks = deps.addTasks;
    this.#memory = deps.memory;
    this.#log = deps.log;
    this.#clock = deps.clock;
  }

  addTasks(tasks: readonly NewTask[]): void {
    this.#addTasks(tasks);
  }

  put(key: string, value: unknown, options?: PutOptions): void {
    this.#memory.put(key, value, options);
  }

  merge(key: string, value: unknown): void {
    this.#memory.merge(key, value);
  }

  delete(key: string): void {
    this.#memory.delete(key);
  }

  append(stream: string, type: string, data: unknown, options?: { readonly expected?: number }): void {
    this.#log.append(stream, type, data, this.#clock.now(), options);
  }
}
