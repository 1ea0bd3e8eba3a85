import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";
import { TimeoutError } from "../../errors.ts";
import { BoundedBody, type BodyLimits } from "../bounded-body.ts";

/** How long each part of an exchange may take. */
export interface ExchangeTimeouts {
  readonly firstByteTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** All the time of the page, for the message. */
  readonly totalTimeoutMs: number;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

/** One request. */
export interface ExchangeRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly limits: BodyLimits;
  readonly timeouts: ExchangeTimeouts;
  readonly signal: AbortSignal;
  readonly onSent: () => void;
  /** Looks at status and headers; what it gives back as an error ends the exchange before the body is downloaded. */
  readonly judge: (status: number, headers: Readonly<Record<string, string>>) => Error | undefined;
}

/** One response, its body whole. */
export interface Exchange {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly wireBytes: number;
}

/** An exchange failed; says whether the server had begun to answer. */
export class ExchangeError extends Error {
  readonly hasAnswered: boolean;

  constructor(cause: unknown, hasAnswered: boolean) {
    super("exchange failed", { cause });
    this.hasAnswered = hasAnswered;
  }
}

/**
 * Sends one GET and takes the answer under limits of time and size. Redirects are answers like any other.
 * @throws {ExchangeError} Whose cause is what went wrong; the reason of `signal` when that was aborted.
 */
export function exchange(dispatcher: Dispatcher, request: ExchangeRequest): Promise<Exchange> {
  const { promise, resolve, reject } = Promise.withResolvers<Exchange>();
  const { url, timeouts, signal } = request;
  let controller: Dispatcher.DispatchController | undefined;
  let body: BoundedBody | undefined;
  let hasAnswered = false;
  let isComplete = false;
  let isOver = false;
  let pause: NodeJS.Timeout | undefined;

  const total = setTimeout(
    () => fail(new TimeoutError(`Fetching ${url.href}`, timeouts.totalTimeoutMs)),
    Math.max(0, timeouts.endsAt - Date.now()),
  );
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });

  function close(): void {
    isOver = true;
    clearTimeout(total);
    clearTimeout(pause);
    signal.removeEventListener("abort", onAbort);
  }

  function fail(error: unknown): void {
    if (isOver) return;
    close();
    body?.fail(error);
    controller?.abort(error instanceof Error ? error : new Error(String(error)));
    reject(signal.aborted ? signal.reason : new ExchangeError(error, hasAnswered));
  }

  async function deliver(
    taken: BoundedBody,
    head: Pick<Exchange, "status" | "headers" | "setCookies">,
  ): Promise<void> {
    try {
      const bytes = await taken.done;
      if (isOver) return;
      close();
      // A prefix was enough: the rest stays on the wire.
      if (!isComplete) controller?.abort(new Error("enough"));
      resolve({ ...head, body: bytes, wireBytes: taken.wireBytes });
    } catch (error) {
      fail(error);
    }
  }

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (isOver) {
        started.abort(new Error("ended before it was sent"));
        return;
      }
      request.onSent();
      const waitMs = timeouts.firstByteTimeoutMs;
      pause = setTimeout(() => fail(new TimeoutError(`Waiting for ${url.href} to answer`, waitMs)), waitMs);
    },
    onResponseStart(_controller, status, rawHeaders) {
      if (status < 200 || isOver) return;
      hasAnswered = true;
      clearTimeout(pause);
      const headers = flatten(rawHeaders);
      const refusal = request.judge(status, headers);
      if (refusal !== undefined) {
        fail(refusal);
        return;
      }
      const idleMs = timeouts.idleTimeoutMs;
      const onIdle = () => fail(new TimeoutError(`A pause in the body of ${url.href}`, idleMs));
      pause = setTimeout(onIdle, idleMs);
      const taken = new BoundedBody(headers["content-encoding"] ?? "", request.limits, () => {
        if (isOver || isComplete) return;
        clearTimeout(pause);
        pause = setTimeout(onIdle, idleMs);
        controller?.resume();
      });
      body = taken;
      void deliver(taken, { status, headers, setCookies: [rawHeaders["set-cookie"] ?? []].flat() });
    },
    onResponseData(_controller, chunk) {
      if (isOver || body === undefined) return;
      pause?.refresh();
      if (body.write(chunk)) return;
      // We are the slow ones now: that is no pause of the server's.
      clearTimeout(pause);
      pause = undefined;
      _controller.pause();
    },
    onResponseEnd() {
      isComplete = true;
      clearTimeout(pause);
      pause = undefined;
      body?.end();
    },
    onResponseError(_controller, error) {
      fail(error);
    },
  };
  dispatcher.dispatch(
    { origin: url.origin, path: url.pathname + url.search, method: "GET", headers: request.headers },
    handler,
  );
  return promise;
}

function flatten(headers: IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && name !== "__proto__")
      flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
