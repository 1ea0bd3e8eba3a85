import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, resolve, sep } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { unlessAborted } from "../../src/deadline.ts";

/** A site on loopback, on a port the system chose, that remembers what it was asked. */
export interface Site extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly origin: string;
  /** Every request in order of arrival, those answered 304 or 404 too. */
  readonly requests: readonly SiteRequest[];
  /** Drops open connections and frees the port; a second call does nothing. */
  close(): Promise<void>;
}

/** What a client asked for. */
export interface SiteRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly headers: IncomingHttpHeaders;
}

/** What a page answers: HTML alone, or status, headers and body by hand. */
export type SiteAnswer =
  | string
  | {
      readonly status?: number;
      /** Lower-case names. `content-type` is HTML where it is left out. */
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    };

/** Pages by path and query, or a function that makes them; `undefined` is a 404. */
export type SitePages =
  | Readonly<Record<string, SiteAnswer>>
  | ((request: SiteRequest) => SiteAnswer | undefined | Promise<SiteAnswer | undefined>);

export interface SiteOptions {
  /** Time each request waits for its answer. */
  readonly latencyMs?: number | ((request: SiteRequest) => number);
  /** What each request waits for before that: a site that is slow until a test has seen what it wants to see. */
  readonly gate?: (request: SiteRequest) => Promise<void> | undefined;
}

export interface FolderOptions extends SiteOptions {
  /** Applications with history routes: `{ "/app/": "/app/index.html" }` serves that file for paths below that hold none. */
  readonly fallbacks?: Readonly<Record<string, string>>;
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".xml": "application/xml; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".pdf": "application/pdf",
};

/** Serves made-up pages. */
export async function serveSite(pages: SitePages, options: SiteOptions = {}): Promise<Site> {
  const answerTo = typeof pages === "function" ? pages : (request: SiteRequest) => pages[request.url];
  const requests: SiteRequest[] = [];
  const closing = new AbortController();

  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url = "/", headers } = incoming;
    const request = { method, url, at: Date.now(), headers };
    requests.push(request);
    const { latencyMs = 0, gate } = options;
    await unlessAborted(gate?.(request) ?? Promise.resolve(), closing.signal);
    const wait = typeof latencyMs === "number" ? latencyMs : latencyMs(request);
    if (wait > 0) await delay(wait, undefined, { signal: closing.signal });
    const found = method === "GET" || method === "HEAD" ? await answerTo(request) : { status: 405 };
    send(request, response, found ?? { status: 404, body: "<!doctype html><title>Not found</title>" });
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      if (!closing.signal.aborted) response.writeHead(500).end(String(error));
    });
  });
  // A process that stands still must not find its connections closed under its next request.
  server.keepAliveTimeout = 0;
  await new Promise<void>((ready, failed) => {
    server.once("error", failed).listen(0, "127.0.0.1", ready);
  });

  const close = async () => {
    if (closing.signal.aborted) return;
    closing.abort();
    const closed = new Promise<void>((done) => server.close(() => done()));
    server.closeAllConnections();
    await closed;
  };
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, requests, close, [Symbol.asyncDispose]: close };
}

/** Serves a folder: directory indexes, content types, and nothing outside of it. */
export async function serveFolder(folder: string, options: FolderOptions = {}): Promise<Site> {
  const root = resolve(folder);
  return serveSite(async (request) => {
    const { pathname, search } = new URL(request.url, "http://site");
    const found = await readUnder(root, pathname, search);
    if (found !== undefined) return found;
    const [, shell] =
      Object.entries(options.fallbacks ?? {}).find(([prefix]) => pathname.startsWith(prefix)) ?? [];
    return shell === undefined ? undefined : readUnder(root, shell, "");
  }, options);
}

async function readUnder(root: string, pathname: string, search: string): Promise<SiteAnswer | undefined> {
  let file: string;
  try {
    file = resolve(join(root, decodeURIComponent(pathname)));
  } catch {
    return { status: 400, body: "Malformed path." };
  }
  if (file.includes("\0")) return { status: 400, body: "Malformed path." };
  if (file !== root && !file.startsWith(root + sep)) return undefined;
  let facts = await stat(file).catch(() => undefined);
  if (facts?.isDirectory()) {
    if (!pathname.endsWith("/")) return { status: 301, headers: { location: `${pathname}/${search}` } };
    file = join(file, "index.html");
    facts = await stat(file).catch(() => undefined);
  }
  if (!facts?.isFile()) return undefined;
  return {
    headers: {
      "content-type": contentTypes[extname(file)] ?? "application/octet-stream",
      "last-modified": facts.mtime.toUTCString(),
    },
    body: await readFile(file),
  };
}

/** Adds an ETag to what is found, and answers 304 where the client has it already. */
function send(request: SiteRequest, response: ServerResponse, answer: SiteAnswer): void {
  const { status = 200, headers = {}, body = "" } = typeof answer === "string" ? { body: answer } : answer;
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const etag = `"${createHash("sha1").update(bytes).digest("base64url")}"`;
  const all: Record<string, string> = { "content-type": "text/html; charset=utf-8", ...headers };
  if (status === 200) all["etag"] ??= etag;
  if (status === 200 && isUnchanged(request.headers, all)) {
    response.writeHead(304, all).end();
    return;
  }
  response.writeHead(status, { ...all, "content-length": bytes.length });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

/** @see RFC 9110, section 13.2.2: If-Modified-Since counts only where there is no If-None-Match. */
function isUnchanged(asked: IncomingHttpHeaders, given: Readonly<Record<string, string>>): boolean {
  const tags = asked["if-none-match"];
  if (tags !== undefined) return tags.split(/\s*,\s*/).some((tag) => tag === "*" || tag === given["etag"]);
  const since = asked["if-modified-since"];
  const modified = given["last-modified"];
  return since !== undefined && modified !== undefined && Date.parse(modified) <= Date.parse(since);
}
