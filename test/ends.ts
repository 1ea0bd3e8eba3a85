import { runInNewContext } from "node:vm";

/** A minute: some hundred times what such work takes, and a part of what it takes once it is quadratic. */
const guardMs = 60_000;

/**
 * What `work` gives. Where it goes on for a minute it is ended and the test fails: work that never yields leaves no turn
 * to the test's own time limit.
 */
export function ends<T>(work: () => T): T {
  return runInNewContext("work()", { work }, { timeout: guardMs }) as T;
}
