// How the client's calls reach the wire. Its methods take no signal, its time limit is the same for every call, and it
// keeps the first character of `Retry-After` and drops the rest of a 429 (1.19.0, api-client.js). But `client.api()`
// gives the same calls as generated from the OpenAPI description, and those take a `RequestInit` of ours: so each has a
// signal, and a dispatcher of ours, which sees the answer before the client does, bounds it, and can be closed.
import type { QdrantClient } from "@qdrant/js-client-rest";
import type { Dispatcher } from "undici";
import { MissingError, messageOf } from "../../../errors.ts";
import { type WireAnswer, errorOfAnswer, notQdrant } from "./error-of-answer.ts";
import { type QdrantAddress, type QdrantOptions, addressOf } from "./options.ts";

/** The client's calls, one for each operation of Qdrant's API, with its types. */
export type QdrantApi = ReturnType<QdrantClient["api"]>;

/** One call of the client, made with the init it is given. */
export type QdrantRequest<Data> = (api: QdrantApi, init: RequestInit) => Promise<{ readonly data: Data }>;

/** Loads the client's package. */
export type LoadClient = () => Promise<{ readonly QdrantClient: typeof QdrantClient }>;

interface Opened {
  readonly api: QdrantApi;
  readonly agent: Dispatcher;
  /** For one call: the agent, in the form that the fetch of every Node takes, telling `wire` what it sees. */
  readonly dispatcherFor: (wire: WireAnswer) => Dispatcher;
}

/** Sends requests, each once. What goes wrong is a {@link QdrantError}. */
export class QdrantTransport implements AsyncDisposable {
  /** For people: `Qdrant at http://127.0.0.1:6333`. */
  readonly name: string;
  readonly #options: QdrantOptions;
  readonly #address: QdrantAddress;
  readonly #load: LoadClient;
  #opened: Promise<Opened> | undefined;

  constructor(options: QdrantOptions, load: LoadClient = () => import("@qdrant/js-client-rest")) {
    this.#options = options;
    this.#address = addressOf(options.url);
    this.#load = load;
    const { url, port, prefix } = this.#address;
    this.name = `Qdrant at ${url}:${port}${prefix}`;
  }

  /**
   * What Qdrant answers, an object.
   * @param call For messages: `upsert into forager_v1`.
   * @throws {QdrantError} For everything but an abort, whose reason is handed back.
   */
  async send<Data extends object>(
    call: string,
    request: QdrantRequest<Data>,
    now: number,
    signal: AbortSignal,
  ): Promise<Data> {
    this.#opened ??= this.#open();
    const { api, dispatcherFor } = await this.#opened;
    signal.throwIfAborted();
    const wire: WireAnswer = { status: 0, headers: {}, text: "" };
    const dispatcher = dispatcherFor(wire);
    // The types of Node's fetch are those of an undici before ours, which takes the same dispatcher in this wrapping.
    const init = { signal, dispatcher, redirect: "manual" } as unknown as RequestInit;
    const asked = { call, server: this.name, now };
    let data: unknown;
    try {
      ({ data } = await request(api, init));
    } catch (error) {
      signal.throwIfAborted();
      throw errorOfAnswer(error, wire, asked);
    }
    if (typeof data !== "object" || data === null) throw notQdrant(wire, asked);
    return data as Data;
  }

  /** Cuts what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    // What never opened has nothing to close, and its first caller was told why.
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.agent.destroy();
  }

  async #open(): Promise<Opened> {
    const { QdrantClient } = await this.#load().catch((cause: unknown) => {
      throw new MissingError(
        `The package @qdrant/js-client-rest, which talks to Qdrant, cannot be loaded: ${messageOf(cause)}.`,
        "Run `npm install @qdrant/js-client-rest`, or keep the index in the data folder alone.",
        cause,
      );
    });
    const { Agent, Dispatcher1Wrapper } = await import("undici");
    const { apiKey, maxAnswerBytes } = this.#options;
    const client = new QdrantClient({
      ...this.#address,
      timeout: Number.POSITIVE_INFINITY, // a number would put a signal of its own in the place of ours
      checkCompatibility: false,
      // Not as `apiKey`: with that, the client writes to the console. `identity`: a bound on bytes read is one on bytes kept.
      headers: { "accept-encoding": "identity", ...(apiKey === "" ? {} : { "api-key": apiKey }) },
    });
    const agent = new Agent({
      connections: maxConnections,
      maxResponseSize: maxAnswerBytes,
      headersTimeout: 0, // the signal ends what takes too long
      bodyTimeout: 0,
    });
    return {
      api: client.api(),
      agent,
      dispatcherFor: (wire) => {
        const dispatch: Dispatcher["dispatch"] = (request, handler) =>
          agent.dispatch(request, watched(handler, wire));
        return new Dispatcher1Wrapper({ dispatch } as Dispatcher);
      },
    };
  }
}

/** Sockets at once: a search and the batches beside it. Many more made others' connections time out (qdrant-js#92). */
const maxConnections = 16;

/** Bytes of an error's body that are kept for its sentence. */
const keptBytes = 16_384;

/** `handler`, with what it is told written down in `wire` first. */
function watched(handler: Dispatcher.DispatchHandler, wire: WireAnswer): Dispatcher.DispatchHandler {
  let kept = Buffer.alloc(0);
  return {
    onRequestStart: (controller, context) => handler.onRequestStart?.(controller, context),
    onResponseStart(controller, status, headers, statusText) {
      if (status >= 200) {
        wire.status = status;
        wire.headers = headers;
      }
      handler.onResponseStart?.(controller, status, headers, statusText);
    },
    onResponseData(controller, chunk) {
      if (wire.status >= 300 && kept.length < keptBytes) {
        kept = Buffer.concat([kept, chunk.subarray(0, keptBytes - kept.length)]);
        wire.text = kept.toString("utf8");
      }
      handler.onResponseData?.(controller, chunk);
    },
    onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
    onResponseError: (controller, error) => handler.onResponseError?.(controller, error),
  };
}
