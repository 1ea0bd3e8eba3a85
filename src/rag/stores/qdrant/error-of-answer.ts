// The table of what Qdrant's answers mean: pure, one call a failed request.
import { messageOf } from "../../../errors.ts";
import { QdrantError } from "./qdrant-error.ts";

/** What came back over the wire, however the client then read it. */
export interface WireAnswer {
  /** 0 until there is an answer. */
  status: number;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** First bytes of the body of an answer that is an error. */
  text: string;
}

/** What was asked, for the message. */
export interface Asked {
  /** As in `upsert into forager_v1`. */
  readonly call: string;
  /** As in `Qdrant at http://127.0.0.1:6333`. */
  readonly server: string;
  readonly now: number;
}

/**
 * Why a request failed, and what to do about it.
 * @param thrown What the client threw.
 * @see Qdrant 1.19, src/actix/helpers.rs: which error has which status.
 */
export function errorOfAnswer(thrown: unknown, wire: WireAnswer, asked: Asked): QdrantError {
  const { status } = wire;
  if (status === 0) return connectionError(thrown, asked, "cannot be reached");
  if (status >= 200 && status < 300) return brokenAnswer(thrown, wire, asked);
  const options = { cause: thrown };
  const said = sentenceOf(wire);
  const start = `${asked.server} (${asked.call}): ${said ?? `status ${status}`}`;
  const is = (code: QdrantError["code"], remedy: string) =>
    new QdrantError(code, `${start} ${remedy}`.trim(), options);

  if (status >= 300 && status < 400) return notQdrant(wire, asked, options);
  switch (status) {
    case 401:
    case 403:
      return is(
        "qdrant-key",
        status === 401
          ? "Set QDRANT_API_KEY to the key that this Qdrant was started with."
          : "The key in QDRANT_API_KEY may not do this, or Qdrant is locked: use a key that may manage the collection.",
      );
    case 404:
      return said === undefined ? notQdrant(wire, asked, options) : is("qdrant-missing", "");
    case 408:
    case 504:
      return is("qdrant-timeout", "Raise timeoutMs, or see what keeps Qdrant busy.");
    case 409:
      return is("qdrant-conflict", "");
    case 413:
      return is("qdrant-too-large", "Lower maxBatchBytes.");
    case 422:
      return is("qdrant-refused", "This is a fault in Forager: please report it with this message.");
    case 429:
      return rateLimit(start, said, wire, asked, options);
    case 500:
    case 502:
    case 503:
      return is("qdrant-server", "See Qdrant's own log.");
    case 507:
      return is("qdrant-quota", "Raise Qdrant's quota or make room; nothing more can be written until then.");
    case 400:
      if (said !== undefined)
        return said.includes("larger than allowed") // the words of actix-web's JSON limit, src/actix/mod.rs
          ? is("qdrant-too-large", "Lower maxBatchBytes.")
          : is("qdrant-refused", "");
  }
  return notQdrant(wire, asked, options);
}

/** With `Retry-After` a matter of waiting; Qdrant without it means that the request is more than the limit ever lets pass. */
function rateLimit(
  start: string,
  said: string | undefined,
  wire: WireAnswer,
  asked: Asked,
  options: { readonly cause: unknown },
): QdrantError {
  const waitMs = retryAfterMs(wire, asked.now);
  if (waitMs !== undefined) {
    const retryAt = asked.now + waitMs;
    const when = `Come back in ${Math.ceil(waitMs / 1000)} s, at ${new Date(retryAt).toISOString()}.`;
    return new QdrantError("qdrant-rate-limited", `${start} ${when}`, { ...options, retryAt });
  }
  if (said !== undefined)
    return new QdrantError("qdrant-too-large", `${start} Lower maxBatchPoints, or raise the limit.`, options);
  return new QdrantError("qdrant-rate-limited", start, options);
}

/** Longest `Retry-After` that is believed: a day. */
const longestRetryMs = 86_400_000;

/** Seconds or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterMs(wire: WireAnswer, now: number): number | undefined {
  const header = one(wire, "retry-after")?.trim();
  if (header === undefined || header === "") return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestRetryMs);
}

/** A 200 that the client could not read. */
function brokenAnswer(thrown: unknown, wire: WireAnswer, asked: Asked): QdrantError {
  if (thrown instanceof SyntaxError || wire.status > 201) return notQdrant(wire, asked, { cause: thrown });
  return connectionError(thrown, asked, "broke off its answer");
}

function connectionError(thrown: unknown, asked: Asked, what: string): QdrantError {
  const causes = causesOf(thrown);
  if (causes.includes("UND_ERR_RES_EXCEEDED_MAX_SIZE"))
    return new QdrantError(
      "qdrant-answer",
      `${asked.server} (${asked.call}): the answer is longer than maxAnswerBytes. Ask for less at once, or raise it.`,
      { cause: thrown },
    );
  return new QdrantError(
    "qdrant-unreachable",
    `${asked.server} ${what} (${asked.call}): ${causes}. Is it running, and is QDRANT_URL right?`,
    { cause: thrown },
  );
}

/** @param options Its cause. */
export function notQdrant(
  wire: WireAnswer,
  asked: Asked,
  options: { readonly cause?: unknown } = {},
): QdrantError {
  const location = one(wire, "location");
  const what =
    location === undefined
      ? `answers with status ${wire.status} and ${one(wire, "content-type") ?? "no content type"}, as Qdrant does not`
      : `sends us on to ${location}, which is not followed`;
  return new QdrantError(
    "qdrant-answer",
    `${asked.server} (${asked.call}) ${what}. Set QDRANT_URL to Qdrant's own address, and see what proxy stands before it.`,
    options,
  );
}

/** Error sentences are passed on word for word, but no further than this. */
const longestSentence = 1_000;

/** Qdrant's own sentence: `{"status":{"error":"..."}}`, or bare text with 401. Undefined when Qdrant did not write it. */
function sentenceOf(wire: WireAnswer): string | undefined {
  try {
    const body: unknown = JSON.parse(wire.text);
    const error = (body as { status?: { error?: unknown } } | null)?.status?.error;
    return typeof error === "string" ? finished(error) : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const isBare = wire.status === 401 && wire.text !== "" && !wire.text.includes("<");
    return isBare ? finished(wire.text) : undefined;
  }
}

function finished(sentence: string): string {
  const short = sentence.slice(0, longestSentence).trim();
  return /[.!?]$/.test(short) ? short : `${short}.`;
}

function one({ headers }: WireAnswer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/** Every message and code down the chain: `fetch failed` alone tells nobody anything. */
export function causesOf(thrown: unknown): string {
  const found: string[] = [];
  for (let at: unknown = thrown, depth = 0; at !== undefined && at !== null && depth < 8; depth++) {
    if (!(at instanceof Error)) {
      found.push(messageOf(at));
      break;
    }
    const { code, errors } = at as Error & { readonly code?: unknown; readonly errors?: readonly unknown[] };
    found.push(at.message, typeof code === "string" ? code : "");
    at = at.cause ?? errors?.[0];
  }
  const said = found.filter((text) => text !== "");
  return said
    .filter((text, index) => !said.slice(0, index).some((before) => before.includes(text)))
    .join(": ");
}
