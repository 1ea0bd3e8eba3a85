import type { Clock } from "../../../clock.ts";
import type { Log } from "../../../log.ts";
import { QdrantCaller } from "./caller.ts";
import { QdrantCollections } from "./collections.ts";
import type { QdrantOptions } from "./options.ts";
import { QdrantPoints } from "./points.ts";
import { QdrantError } from "./qdrant-error.ts";
import type { LoadClient } from "./transport.ts";
import { type QdrantVersion, readVersion } from "./version.ts";

export interface QdrantDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** From 0 up to 1; spreads second tries. */
  readonly random?: () => number;
  /** The client's package, unless it is loaded as usual. */
  readonly load?: LoadClient;
}

/**
 * Everything that is asked of Qdrant: the one wrapper around its client. Each call ends by an answer, a `QdrantError` or
 * its signal's own reason, and at its deadline at the latest; what may pass is tried again, what is too large is split.
 * A write is there for the next reader when it returns. Nothing is loaded or sent before the first call.
 */
export class QdrantConnection implements AsyncDisposable {
  /** For people: `Qdrant at http://127.0.0.1:6333`. */
  readonly name: string;
  readonly collections: QdrantCollections;
  readonly points: QdrantPoints;
  readonly #caller: QdrantCaller;
  #version: QdrantVersion | undefined;

  constructor(deps: QdrantDeps, options: QdrantOptions) {
    const { clock, log, random = Math.random, load } = deps;
    this.#caller = new QdrantCaller({ clock, log, random }, options, load);
    this.name = this.#caller.name;
    this.collections = new QdrantCollections(this.#caller);
    this.points = new QdrantPoints(this.#caller);
  }

  /** The server's version, asked for once. */
  async version(signal?: AbortSignal): Promise<QdrantVersion> {
    this.#version ??= await this.#askVersion(true, signal);
    return this.#version;
  }

  /** As {@link version}, but now and with a single try: is Qdrant there? */
  async probe(signal?: AbortSignal): Promise<QdrantVersion> {
    return await this.#askVersion(false, signal);
  }

  /** Cuts what is under way and closes every socket. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#caller[Symbol.asyncDispose]();
  }

  async #askVersion(triesAgain: boolean, signal: AbortSignal | undefined): Promise<QdrantVersion> {
    const answer = await this.#caller.plain(
      "ask for the version",
      (api, init) => api.root({}, init),
      triesAgain,
      signal,
    );
    const { version }: { readonly version?: unknown } = answer;
    if (typeof version === "string") return readVersion(version);
    throw new QdrantError(
      "qdrant-answer",
      `${this.name} says no version, as Qdrant does. Set QDRANT_URL to Qdrant's own address.`,
    );
  }
}
