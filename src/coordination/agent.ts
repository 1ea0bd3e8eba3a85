import type { ZodType } from "zod";
import type { RunContext } from "../context.ts";

/** One role in a job: what it takes, what it gives, and how. Both sides are checked by whoever runs it. */
export interface Agent<I, O> {
  /** As in "researcher"; shown in status, events and errors. */
  readonly role: string;
  readonly input: ZodType<I>;
  readonly output: ZodType<O>;
  /** Stops when `context.signal` aborts. */
  run(input: I, context: RunContext): Promise<O>;
}
