import { StoreError } from "../../../errors.ts";

/** What a caller can tell apart. */
export type QdrantErrorCode =
  /** No connection, or it broke. */
  | "qdrant-unreachable"
  /** No answer in time, ours or Qdrant's own. */
  | "qdrant-timeout"
  /** Qdrant is in trouble, or busy with something else. */
  | "qdrant-server"
  /** Too many requests; `retryAt` says when the next is taken. */
  | "qdrant-rate-limited"
  /** Half of it may pass. */
  | "qdrant-too-large"
  | "qdrant-key"
  /** The collection, alias or point is not there. */
  | "qdrant-missing"
  /** There already, and otherwise than asked for. */
  | "qdrant-conflict"
  /** Qdrant does not take what was asked, and says why. */
  | "qdrant-refused"
  | "qdrant-quota"
  /** What answers is not Qdrant, or says what Qdrant never says. */
  | "qdrant-answer"
  | "qdrant-closed";

/** Codes of what may pass by itself. */
const passing: ReadonlySet<QdrantErrorCode> = new Set([
  "qdrant-unreachable",
  "qdrant-timeout",
  "qdrant-server",
  "qdrant-rate-limited",
]);

/** Qdrant did not do what was asked. `code` says what kind of failure, the message what to try. */
export class QdrantError extends StoreError {
  override readonly code: QdrantErrorCode;
  /** Epoch milliseconds before which asking again is in vain, when Qdrant said so. */
  readonly retryAt: number | undefined;

  constructor(
    code: QdrantErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryAt?: number } = {},
  ) {
    super(message, { cause: options.cause, retryable: passing.has(code) });
    this.code = code;
    this.retryAt = options.retryAt;
  }
}
