import type { NewTask } from "./new-task.ts";
import type { PutOptions } from "./memory.ts";

/**
 * Effects that become true together, or none of them. Every call is synchronous and returns nothing: an adapter may do
 * it at once (SQLite) or keep it for one script (Redis).
 */
export interface Transaction {
  /** As `Tasks.add`; consumers are woken after the commit. */
  addTasks(tasks: readonly NewTask[]): void;
  /** As `Memory.put`: a conflict undoes the whole transaction. */
  put(key: string, value: unknown, options?: PutOptions): void;
  /** As `Memory.merge`. */
  merge(key: string, value: unknown): void;
  delete(key: string): void;
  /** As `EventLog.append`. */
  append(stream: string, type: string, data: unknown, options?: { readonly expected?: number }): void;
}
