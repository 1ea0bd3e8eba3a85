import { ForagerError } from "../../errors.ts";

/** An agent went round and round: too many steps, or the same one again and again. */
export class LoopError extends ForagerError {
  readonly kind: "too-many-steps" | "no-progress";

  constructor(kind: LoopError["kind"], message: string) {
    super("loop", message);
    this.kind = kind;
  }
}

export interface LoopOptions {
  /** Steps in all; 10 unless given. */
  readonly maxSteps?: number;
  /** Times that the same call may be made with the same input; 3 unless given. */
  readonly maxRepeats?: number;
}

/** Ends an agent's own loop (think, call, look, again) that does not end by itself. One for each piece of work. */
export class LoopLimit {
  readonly #owner: string;
  readonly #options: Required<LoopOptions>;
  readonly #seen = new Map<string, number>();
  #steps = 0;

  constructor(owner: string, options: LoopOptions = {}) {
    this.#owner = owner;
    this.#options = { maxSteps: 10, maxRepeats: 3, ...options };
  }

  /** Notes a step before it is made. @param input JSON. @throws {LoopError} When it is one too many. */
  step(call: string, input: unknown): void {
    const { maxSteps, maxRepeats } = this.#options;
    this.#steps += 1;
    if (this.#steps > maxSteps)
      throw new LoopError(
        "too-many-steps",
        `${this.#owner} took ${maxSteps} steps and was not done. Ask for less, or raise the limit.`,
      );
    const key = `${call} ${stable(input)}`;
    const times = (this.#seen.get(key) ?? 0) + 1;
    this.#seen.set(key, times);
    if (times > maxRepeats)
      throw new LoopError(
        "no-progress",
        `${this.#owner} called ${call} with the same input ${times} times: it gets no further.`,
      );
  }
}

/** JSON in which the order of an object's fields makes no difference. */
function stable(input: unknown): string {
  return (
    JSON.stringify(input, (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
        : value,
    ) ?? "nothing"
  );
}
