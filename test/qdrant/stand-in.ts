import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Catalogue } from "./catalogue.ts";
import { badRequest, NotServed, Refusal } from "./failure.ts";
import { type Fault, Faults, type LoggedRequest } from "./faults.ts";
import { checkBody, checkQueryParameters, findRoute, type FoundRoute, isReadable } from "./request-check.ts";
import { routes } from "./routes.ts";
import type { Point } from "./points.ts";

/** How the stand-in is started. */
export interface StandInOptions {
  /** When set, requests need it: as `api-key` or as a bearer token. */
  readonly apiKey?: string;
  /** A second key that may read alone. */
  readonly readOnlyKey?: string;
  /**
   * Refuses with 400 what the client's types do not have, where a real server would ignore it. True when left out;
   * false answers like a real server. Violations are noted either way.
   */
  readonly strict?: boolean;
  /** A real server's 32 MiB when left out. */
  readonly maxBodyBytes?: number;
  /** Milliseconds that a second of a request's `timeout` lasts; 1000 when left out. */
  readonly secondMs?: number;
  /** Milliseconds, for rate limits. */
  readonly now?: () => number;
}

/** A Qdrant server in this process, as far as this project uses one. */
export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** Every request in the order they came in. Tests may empty it. */
  readonly requests: LoggedRequest[];
  /** What the client's own types do not allow, and what the stand-in does not serve. Tests hold it to be empty. */
  readonly violations: string[];
  /** Sets up a trouble for requests to come. */
  fault(fault: Fault): void;
  /** A collection's points in the order of their ids, past the HTTP; [] when there is no such collection. */
  points(collection: string): readonly Point[];
}

const defaultMaxBodyBytes = 32 * 1_024 * 1_024;
/** What the recorded server said of itself. */
const greeting = { title: "qdrant - vector search engine", version: "1.18.3" };
const publicOperations = new Set(["root", "healthz", "livez", "readyz"]);

/** Starts an empty server on a free port of the loopback. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const { maxBodyBytes = defaultMaxBodyBytes, strict = true } = options;
  const catalogue = new Catalogue(options.now ?? (() => performance.now()));
  const faults = new Faults();
  const requests: LoggedRequest[] = [];
  const violations: string[] = [];
  const closing = new AbortController();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url = "/" } = request;
    const { pathname, searchParams } = new URL(url, "http://stand-in");
    const text = await readBody(request, maxBodyBytes);
    const route = findRoute(method, pathname);
    const parsed = parseBody(text ?? "");
    const logged: LoggedRequest = {
      method,
      path: pathname,
      query: Object.fromEntries(searchParams),
      operation: route?.operation,
      body: parsed.isJson ? parsed.value : text || undefined,
      bytes: Number(request.headers["content-length"] ?? Buffer.byteLength(text ?? "")),
    };
    requests.push(logged);
    const fault = faults.next(logged);
    if (fault?.kind === "cut") return cut(request);
    if (fault?.kind === "delay") await sleep(fault.ms, undefined, { signal: closing.signal });
    if (fault?.kind === "status") {
      return sendError(
        response,
        new Refusal(fault.status, fault.message ?? "A fault set up by a test.", fault.retryAfter),
      );
    }

    const note = (problem: string) => violations.push(`${method} ${url}: ${problem}`);
    try {
      if (!route || !publicOperations.has(route.operation)) {
        const refusal = keyRefusal(request, options);
        // The one answer that is bare text.
        if (refusal) return void response.writeHead(401).end(refusal);
      }
      if (!route) {
        note("no operation of the API that the stand-in serves");
        return void response.writeHead(404).end();
      }
      if (text === undefined) {
        // Clients look for the three words "larger than allowed".
        throw badRequest(
          `A body of ${logged.bytes} bytes is larger than allowed: the limit is ${maxBodyBytes}.`,
        );
      }
      if (route.operation === "root") return sendJson(response, 200, greeting);
      if (publicOperations.has(route.operation)) return sendText(response, "all is well");
      const isReader = options.readOnlyKey !== undefined && givenKey(request) === options.readOnlyKey;
      if (isReader && routes[route.operation]?.access !== "read")
        throw new Refusal(403, "This key may read alone.");
      if (text !== "" && !parsed.isJson) throw badRequest("The body is no JSON.");

      const query = checkRequest(route, searchParams, parsed.value, note);
      const result = await routes[route.operation]?.run({
        catalogue,
        path: route.path,
        query,
        body: parsed.value,
        secondMs: options.secondMs ?? 1_000,
        until: fault?.kind === "late" ? fault.until : undefined,
        signal: closing.signal,
      });
      if (fault?.kind === "cut-after-apply") return cut(request);
      sendJson(response, 200, { result, status: "ok", time: 0 });
    } catch (error) {
      if (closing.signal.aborted) return cut(request);
      if (error instanceof NotServed) note(error.message);
      if (error instanceof Refusal) return sendError(response, error);
      note(`the stand-in broke: ${error instanceof Error ? error.stack : String(error)}`);
      sendError(response, new Refusal(500, "The stand-in broke; its violations say where."));
    }
  }

  function checkRequest(
    route: FoundRoute,
    parameters: URLSearchParams,
    body: unknown,
    note: (problem: string) => void,
  ): Readonly<Record<string, unknown>> {
    const { values, problem } = checkQueryParameters(route, parameters);
    if (problem) {
      note(`query parameters: ${problem}`);
      throw badRequest(`Query parameters: ${problem}.`);
    }
    const { timeout } = values;
    if (typeof timeout === "number" && !(Number.isInteger(timeout) && timeout > 0)) {
      throw badRequest("A timeout is a whole number of seconds from 1.");
    }
    const bodyProblem = checkBody(route, body);
    if (bodyProblem) {
      note(`body: ${bodyProblem}`);
      if (strict || !isReadable(route, body))
        throw badRequest(`The body is of another form: ${bodyProblem}.`);
    }
    return values;
  }

  const server = createServer((request, response) => {
    serve(request, response).catch(() => {
      // The connection is gone, by a fault, by the client or because the server closes.
      request.socket.destroy();
    });
  });
  server.keepAliveTimeout = 0; // however long nothing is asked, a connection is not closed under the next request
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    violations,
    fault: (fault) => faults.add(fault),
    points: (collection) => catalogue.find(collection)?.sorted() ?? [],
    async [Symbol.asyncDispose]() {
      closing.abort();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The body as text; undefined when it is too long, which is then read to its end and dropped. */
async function readBody(request: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  return bytes <= maxBytes ? Buffer.concat(chunks).toString("utf8") : undefined;
}

function parseBody(text: string): { readonly isJson: boolean; readonly value: unknown } {
  try {
    return { isJson: true, value: JSON.parse(text) as unknown };
  } catch {
    return { isJson: false, value: undefined };
  }
}

function givenKey({ headers }: IncomingMessage): string | undefined {
  const key = headers["api-key"] ?? headers.authorization?.replace(/^bearer /i, "");
  return typeof key === "string" ? key : undefined;
}

function keyRefusal(request: IncomingMessage, { apiKey, readOnlyKey }: StandInOptions): string | undefined {
  if (apiKey === undefined && readOnlyKey === undefined) return undefined;
  const key = givenKey(request);
  if (key === undefined) return "A key is needed: as api-key or as a bearer token.";
  return key === apiKey || key === readOnlyKey ? undefined : "This key opens nothing here.";
}

function cut(request: IncomingMessage): void {
  request.socket.resetAndDestroy();
}

function sendError(response: ServerResponse, { status, message, retryAfter }: Refusal): void {
  if (retryAfter !== undefined) response.setHeader("retry-after", retryAfter);
  sendJson(response, status, { status: { error: message }, time: 0 });
}

function sendText(response: ServerResponse, text: string): void {
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end(text);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
