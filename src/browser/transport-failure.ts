import type { FailureReason } from "../document.ts";
import { TimeoutError, messageOf } from "../errors.ts";
import { TooLargeError } from "./bounded-body.ts";
import { PrivateAddressError } from "./egress-guard.ts";
import type { NoPage } from "./fetch-tier.ts";

/** Sorts what a connection threw into the reasons Forager counts by, with a sentence for people. */
export function transportFailure(url: string, error: unknown): NoPage {
  const cause = rootOf(error);
  if (cause instanceof PrivateAddressError) return noPage("private address", cause.message, false);
  if (cause instanceof TooLargeError)
    return noPage("too large", `${url} is too large: ${cause.message}.`, false);
  if (cause instanceof TimeoutError) return noPage("timeout", cause.message, true);
  const code = codeOf(cause);
  if (code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT") {
    return noPage("timeout", `No connection to ${url} in time.`, true);
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW" || code === "HPE_HEADER_OVERFLOW") {
    return noPage("too large", `The response headers of ${url} are too large.`, false);
  }
  if (code === "ENOTFOUND" || code === "ENODATA") {
    return noPage("dns", `The host of ${url} has no address. Check its spelling.`, false);
  }
  if (code.startsWith("EAI_") || code === "ESERVFAIL") {
    return noPage("dns", `The name server did not answer for ${url} (${code}).`, true);
  }
  // Node's words for a server that hangs up on the handshake: most often one that speaks plain HTTP.
  const isPlainServer = code === "ECONNRESET" && messageOf(cause).includes("before secure TLS");
  if (isTlsCode(code) || isPlainServer) {
    return noPage("tls", `No secure connection to ${url}: ${messageOf(cause)} (${code}).`, false);
  }
  if (
    code.startsWith("Z_") ||
    code.startsWith("ERR_BROTLI") ||
    code.startsWith("ZSTD") ||
    code.startsWith("ERR_ZLIB")
  ) {
    // Z_BUF_ERROR is a stream that ended too soon.
    return noPage(
      "network",
      `The body of ${url} could not be decompressed (${code}).`,
      code === "Z_BUF_ERROR",
    );
  }
  if (code.startsWith("HPE_")) {
    const isCutOff = code === "HPE_INVALID_EOF_STATE";
    return noPage("network", `The answer of ${url} is no valid HTTP (${code}).`, isCutOff);
  }
  return noPage(
    "network",
    `No whole answer from ${url}: ${messageOf(cause)}${code === "" ? "" : ` (${code})`}.`,
    true,
  );
}

/** True when a connection that had been kept open may have died before it carried the request. */
export function isConnectionReset(error: unknown): boolean {
  return ["UND_ERR_SOCKET", "ECONNRESET", "EPIPE"].includes(codeOf(rootOf(error)));
}

function noPage(reason: FailureReason, detail: string, isTransient: boolean): NoPage {
  return { kind: "no-page", reason, detail, isTransient };
}

/** Where several addresses were tried, the first failure stands for all. */
function rootOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

function isTlsCode(code: string): boolean {
  return /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_|EPROTO|INVALID_CA|PATH_LENGTH|CRL_)/.test(
    code,
  );
}
