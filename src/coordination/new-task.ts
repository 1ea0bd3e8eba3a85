/** Most urgent first. */
export const priorities = ["critical", "high", "normal", "low"] as const;
export type Priority = (typeof priorities)[number];

/** A durable piece of work for an agent. */
export interface NewTask {
  readonly kind: string;
  /** JSON, at most `maxInputBytes` of it: references to pages, never pages. */
  readonly input: unknown;
  readonly run?: number;
  readonly priority?: Priority;
  /** What its worker must be able to do; nobody else is given it. */
  readonly needs?: readonly string[];
  /**
   * One live task of the kind has this key. Adding another is a no-op; with "rearm", one that is under way runs once
   * more after its end, with the latest input that was added.
   */
  readonly dedupe?: { readonly key: string; readonly whileActive: "ignore" | "rearm" };
  readonly dueAt?: number;
  /** Not started after it, and aborted at it; then it is dead, with code "expired". */
  readonly deadlineAt?: number;
  /** Tries in all. */
  readonly maxAttempts?: number;
  readonly trace?: string;
  /** What `after` calls it, in its run. Adding a name that the run has is a no-op: a plan may be added again. */
  readonly name?: string;
  /** Names, in the same run, of what must have ended first. */
  readonly after?: readonly string[];
  /**
   * What becomes of those that wait for this one when it is dead or was cancelled: they are cancelled and theirs
   * ("skip", the default), they run without it ("continue"), or everything of the run that has not started is cancelled ("fail").
   */
  readonly onFailure?: "skip" | "continue" | "fail";
}
