/** One request as it came in. */
export interface LoggedRequest {
  readonly method: string;
  /** Without query parameters. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The name of the API's operation, such as `upsert_points`; undefined for an unknown route. */
  readonly operation: string | undefined;
  /** Parsed where it was JSON, else as text. */
  readonly body: unknown;
  readonly bytes: number;
}

/** A trouble that the next requests run into. */
export type Fault = {
  /** Which requests; all of them when left out. */
  readonly when?: (request: LoggedRequest) => boolean;
  /** How many of those; 1 when left out. */
  readonly times?: number;
} & (
  | {
      /** The request waits so long before it is done, whether or not the client still waits. */ readonly kind: "delay";
      readonly ms: number;
    }
  | { /** The connection ends, and nothing was done. */ readonly kind: "cut" }
  | { /** The connection ends after all was done, before the answer. */ readonly kind: "cut-after-apply" }
  | {
      /** This answer, and nothing is done. */
      readonly kind: "status";
      readonly status: number;
      /** The header's text; without it there is no such header. */
      readonly retryAfter?: string;
      readonly message?: string;
    }
  | {
      /** An update is taken at once and applied when this is so; those after it wait behind it. */
      readonly kind: "late";
      readonly until: Promise<void>;
    }
);

/** Faults in the order they were set up; the first that fits a request is used up by one. */
export class Faults {
  readonly #faults: { readonly fault: Fault; left: number }[] = [];

  add(fault: Fault): void {
    this.#faults.push({ fault, left: fault.times ?? 1 });
  }

  next(request: LoggedRequest): Fault | undefined {
    const found = this.#faults.find(({ fault, left }) => left > 0 && (fault.when?.(request) ?? true));
    if (found) found.left--;
    return found?.fault;
  }
}
