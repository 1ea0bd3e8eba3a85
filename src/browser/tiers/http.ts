import { Agent } from "undici";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { ForagerError, TimeoutError } from "../../errors.ts";
import { TooLargeError } from "../bounded-body.ts";
import { isPlainlyNoDocument } from "../document-types.ts";
import type { EgressGuard } from "../egress-guard.ts";
import type { FetchOutcome, FetchRequest, FetchTier, NoPage } from "../fetch-tier.ts";
import { guardedConnector } from "../guarded-connector.ts";
import type { HttpOptions } from "../http-options.ts";
import { isConnectionReset, transportFailure } from "../transport-failure.ts";
import { type Exchange, ExchangeError, type ExchangeRequest, exchange } from "./exchange.ts";
import type { StoredSession } from "../stored-session.ts";
import { RedirectCookies } from "./redirect-cookies.ts";

/** The headers say that the answer is no document. */
class UnsupportedTypeError extends ForagerError {
  constructor(url: URL, contentType: string) {
    super("unsupported-type", `${url.href} is ${contentType}, which holds no text to read.`);
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Plain HTTP: the cheapest tier, enough for pages that carry their text in the HTML. */
export class HttpTier implements FetchTier {
  readonly name = "http";
  readonly cost = 1;
  readonly isRendering = false;
  readonly #guard: EgressGuard;
  readonly #session: StoredSession | undefined;
  readonly #clock: Clock;
  readonly #options: HttpOptions;
  readonly #agent: Agent;
  /** Never reuses a connection: for the second try after a kept one turned out dead. */
  readonly #freshAgent: Agent;

  constructor(
    deps: {
      readonly guard: EgressGuard;
      readonly clock: Clock;
      readonly session?: StoredSession | undefined;
    },
    options: HttpOptions,
  ) {
    this.#session = deps.session;
    this.#guard = deps.guard;
    this.#clock = deps.clock;
    this.#options = options;
    const shared: Agent.Options = {
      connect: guardedConnector(deps.guard, options),
      connections: options.maxConnectionsPerHost,
      maxHeaderSize: options.maxHeaderBytes,
      // The exchange keeps its own, finer timers.
      headersTimeout: 0,
      bodyTimeout: 0,
    };
    this.#agent = new Agent({ ...shared, pipelining: 1 });
    this.#freshAgent = new Agent({ ...shared, pipelining: 0 });
  }

  async fetch(request: FetchRequest, context: RunContext): Promise<FetchOutcome> {
    context.signal.throwIfAborted();
    try {
      return await this.#follow(request, context);
    } catch (error) {
      // A context that ran out of time is an expected outcome; one that was cancelled is not.
      if (context.signal.aborted && !(context.signal.reason instanceof TimeoutError)) throw error;
      const cause = error instanceof ExchangeError ? error.cause : error;
      if (cause instanceof UnsupportedTypeError) {
        return { kind: "no-page", reason: "unsupported type", detail: cause.message, isTransient: false };
      }
      return transportFailure(request.url, cause);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#freshAgent.destroy()]);
  }

  async #follow(request: FetchRequest, context: RunContext): Promise<FetchOutcome> {
    let endsAt = Math.min(Date.now() + this.#options.totalTimeoutMs, context.deadlineAt);
    const cookies = new RedirectCookies(this.#session?.cookies);
    const seen = new Set<string>();
    let url = cleaned(new URL(request.url));
    for (let hops = 0; ; hops += 1) {
      const refusal = this.#guard.check(url);
      if (refusal !== undefined) throw refusal;
      const cookie = cookies.header(url);
      if (seen.has(`${url.href} ${cookie}`)) return redirectLoop(`${request.url} redirects in a circle.`);
      seen.add(`${url.href} ${cookie}`);
      const answer = await this.#send({
        url,
        headers: this.#headers(request, cookie, hops),
        limits: {
          ...this.#options,
          ...(request.prefixBytes === undefined ? {} : { prefixBytes: request.prefixBytes }),
        },
        timeouts: { ...this.#options, endsAt },
        signal: context.signal,
        onSent: request.onSent ?? (() => {}),
        judge: (status, headers) => judgeHeaders(request, url, status, headers, this.#options.maxWireBytes),
      });
      const location = answer.headers["location"];
      if (!redirectStatuses.has(answer.status) || location === undefined)
        return this.#outcome(request, url, answer);
      if (hops === this.#options.maxRedirects) {
        return redirectLoop(`${request.url} redirects more than ${this.#options.maxRedirects} times.`);
      }
      cookies.store(answer.setCookies, url);
      const target = redirectTarget(location, url);
      if (target === undefined) return deadEnd(request.url, location);
      const waitsFrom = Date.now();
      const stop = await request.onRedirect?.(target);
      if (stop !== undefined) return stop;
      // Waiting for a host's turn is our politeness, not the server's slowness.
      endsAt = Math.min(endsAt + (Date.now() - waitsFrom), context.deadlineAt);
      url = target;
    }
  }

  /** A kept-alive connection may die as it is used again (RFC 9112, 9.3.1): such a request is sent once more, on a new one. */
  async #send(request: ExchangeRequest): Promise<Exchange> {
    try {
      return await exchange(this.#agent, request);
    } catch (error) {
      if (!(error instanceof ExchangeError) || error.hasAnswered || !isConnectionReset(error.cause))
        throw error;
      return await exchange(this.#freshAgent, request);
    }
  }

  #headers(request: FetchRequest, cookie: string, hops: number): Record<string, string> {
    const headers: Record<string, string> = {
      "user-agent": this.#options.userAgent,
      accept: "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "accept-language": this.#options.acceptLanguage,
      "accept-encoding": "gzip, deflate, br, zstd",
    };
    if (cookie !== "") headers["cookie"] = cookie;
    // An ETag names one version wherever the redirects lead; a date belongs to the URL it came with alone.
    if (request.etag !== undefined) headers["if-none-match"] = request.etag;
    if (hops === 0 && request.lastModified !== undefined) headers["if-modified-since"] = request.lastModified;
    return headers;
  }

  #outcome(request: FetchRequest, url: URL, answer: Exchange): FetchOutcome {
    const fetchedAt = this.#clock.now();
    const isConditional = request.etag !== undefined || request.lastModified !== undefined;
    if (answer.status === 304 && isConditional)
      return { kind: "not-modified", finalUrl: url.href, fetchedAt };
    const page = {
      requestedUrl: request.url,
      finalUrl: url.href,
      httpStatus: answer.status,
      headers: answer.headers,
      body: answer.body,
      wireBytes: answer.wireBytes,
      tier: this.name,
      rendered: false,
      fetchedAt,
    };
    return { kind: "page", page };
  }
}

function judgeHeaders(
  request: FetchRequest,
  url: URL,
  status: number,
  headers: Readonly<Record<string, string>>,
  maxWireBytes: number,
): Error | undefined {
  if (status < 200 || status >= 300) return undefined;
  const contentType = headers["content-type"] ?? "";
  if (request.acceptsAnyType !== true && isPlainlyNoDocument(contentType, url)) {
    return new UnsupportedTypeError(url, contentType);
  }
  if (request.prefixBytes === undefined && Number(headers["content-length"]) > maxWireBytes) {
    return new TooLargeError(`it announces ${headers["content-length"]} bytes`);
  }
  return undefined;
}

function redirectTarget(location: string, from: URL): URL | undefined {
  const target = URL.parse(location, from.href);
  if (target === null || (target.protocol !== "http:" && target.protocol !== "https:")) return undefined;
  return cleaned(target);
}

/** Without what is not sent: user name, password, fragment. */
function cleaned(url: URL): URL {
  url.username = "";
  url.password = "";
  url.hash = "";
  return url;
}

function redirectLoop(detail: string): NoPage {
  return { kind: "no-page", reason: "redirect loop", detail, isTransient: false };
}

function deadEnd(url: string, location: string): NoPage {
  const detail = `${url} redirects to ${location.slice(0, 200)}, which is no web page.`;
  return { kind: "no-page", reason: "unsupported type", detail, isTransient: false };
}
