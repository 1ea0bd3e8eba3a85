import type { FailureReason } from "../document.ts";
import { ForagerError } from "../errors.ts";
import type { EgressPass, EgressRefusal } from "./egress-proxy.ts";

/** A page gave no document; caught by the tier, which makes an outcome of it. */
export class PageFailure extends ForagerError {
  readonly reason: FailureReason;

  constructor(reason: FailureReason, detail: string, isTransient: boolean) {
    super("page-failure", detail, { retryable: isTransient });
    this.reason = reason;
  }
}

/** The page went away under us, mostly with its whole browser; another browser may do better. */
export class PageGoneError extends Error {}

/** What kept a browser from showing a document: the guard's refusal, else what Chromium or the proxy says. */
export function loadFailure(
  url: string,
  problem: { readonly netError: string; readonly proxyStatus: number },
  pass: EgressPass,
): PageFailure {
  const refusal = refusalOf(url, pass);
  if (refusal !== undefined) return new PageFailure(refusal.kind, refusal.detail, false);
  const { netError, proxyStatus } = problem;
  const known = netErrors.find(([pattern]) => pattern.test(netError));
  if (known !== undefined) {
    const [, reason, sentence, isTransient] = known;
    return new PageFailure(reason, `${url} ${sentence} (${netError}).`, isTransient);
  }
  const what = proxyStatus === 0 ? netError : (proxyProblems.get(proxyStatus) ?? "the connection failed");
  return new PageFailure("network", `No whole answer from ${url}: ${what}.`, true);
}

/** The refusal that a URL met, if any. */
export function refusalOf(url: string, pass: EgressPass): EgressRefusal | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  const number = Number(port) || (protocol === "https:" ? 443 : 80);
  return pass.refusals.find((refusal) => refusal.host === hostname && refusal.port === number);
}

/** @see https://source.chromium.org/chromium/chromium/src/+/main:net/base/net_error_list.h */
const netErrors: readonly (readonly [RegExp, FailureReason, string, boolean])[] = [
  [/ERR_TOO_MANY_REDIRECTS/, "redirect loop", "redirects without end", false],
  [/ERR_(CERT|SSL|BAD_SSL)_/, "tls", "has no secure connection that can be trusted", false],
  [/ERR_(TIMED_OUT|CONNECTION_TIMED_OUT)/, "timeout", "did not answer in time", true],
  [/ERR_(CONTENT_LENGTH_MISMATCH|INCOMPLETE_CHUNKED|HTTP2)/, "network", "broke off its answer", true],
  [/ERR_(UNKNOWN_URL_SCHEME|DISALLOWED_URL_SCHEME|INVALID_URL)/, "unsupported type", "is no web page", false],
];

/** What proxy-chain answers in place of a server that cannot be reached (statuses.js). */
const proxyProblems: ReadonlyMap<number, string> = new Map([
  [593, "the host was not found"],
  [594, "the connection was refused"],
  [595, "the connection was reset"],
  [596, "the connection broke"],
]);

/** True for a status of the proxy's own making; no server uses them. */
export function isProxyStatus(status: number): boolean {
  return status >= 590 && status <= 599;
}
