import type { z } from "zod";

/** Every failure Forager throws: a stable `code` to test for, and whether trying again can help. */
export class ForagerError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** Options, flags, environment or a file hold something we cannot use; the message names each field. */
export class OptionsError extends ForagerError {
  constructor(what: string, problem: z.ZodError | string, options: { readonly cause?: unknown } = {}) {
    const detail = typeof problem === "string" ? problem : describeIssues(problem);
    super("bad-options", `${what}: ${detail}`, options);
  }
}

/** Something this machine lacks (a browser, a model file, a package); the message says how to get it. */
export class MissingError extends ForagerError {
  constructor(what: string, remedy: string, cause?: unknown) {
    super("missing", `${what} ${remedy}`, { cause });
  }
}

/** The data folder cannot be used as asked: locked by another process, read-only, full, or damaged. */
export class StoreError extends ForagerError {
  constructor(message: string, options: { readonly cause?: unknown; readonly retryable?: boolean } = {}) {
    super("store", message, options);
  }
}

/** A lease passed to another holder; the work done under it must be thrown away. */
export class LeaseLostError extends ForagerError {
  constructor(what: string) {
    super(
      "lease-lost",
      `The lease on ${what} passed to another holder; its result was dropped and the work goes on there.`,
    );
  }
}

/** No whole answer arrived from the network. */
export class NetworkError extends ForagerError {
  constructor(message: string, cause?: unknown) {
    super("network", message, { cause, retryable: true });
  }
}

/** A deadline passed. */
export class TimeoutError extends ForagerError {
  constructor(what: string, milliseconds: number) {
    super("timeout", `${what} took longer than ${milliseconds} ms.`, { retryable: true });
  }
}

/** An agent was given, or gave back, something that its schema refuses. */
export class AgentError extends ForagerError {
  constructor(role: string, side: "input" | "output", problem: z.ZodError) {
    super("agent-contract", `The ${role}'s ${side} does not fit its schema: ${describeIssues(problem)}`);
  }
}

/** One line for a person, from anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join(".") || "value"}: ${issue.message}`).join("; ");
}
