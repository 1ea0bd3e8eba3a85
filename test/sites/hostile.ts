import { type IncomingMessage, type Server, type ServerResponse, createServer } from "node:http";
import { type AddressInfo, type Socket, createServer as createTcpServer } from "node:net";
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from "node:zlib";

/** One request as the site saw it. */
export interface SiteRequest {
  readonly url: string;
  /** `performance.now()` when it came in. */
  readonly at: number;
  readonly headers: IncomingMessage["headers"];
}

/** A site that does what the bad web does, on loopback. */
export interface HostileSite extends AsyncDisposable {
  readonly origin: string;
  /** An origin next door that nobody named: whatever arrives there got past the guard. */
  readonly canary: { readonly origin: string; readonly port: number; connections(): number };
  readonly log: readonly SiteRequest[];
  /** Body bytes that were handed to the network so far, for the endless and huge routes. */
  sentBytes(): number;
  /** Adds or replaces a route. */
  on(path: string, route: Route): void;
  close(): Promise<void>;
}

/** Answers one path. */
export type Route = (request: IncomingMessage, response: ServerResponse, site: RouteSite) => void;

interface RouteSite {
  readonly origin: string;
  readonly canaryOrigin: string;
  readonly canaryPort: number;
  /** Earlier requests of the same URL. */
  readonly visits: number;
  /** Writes `chunk` as fast as the reader takes it, `times` times. */
  pour(response: ServerResponse, chunk: Buffer, times: number): void;
}

const page = `<!doctype html><title>Plain</title><main><h1>Plain</h1><p>${"A plain page. ".repeat(40)}</p></main>`;
const html = { "content-type": "text/html; charset=utf-8" };
const bombs = new Map<string, Buffer>();

/** 16 MB of zeros in some 1 to 70 KB, packed once. */
function bomb(coding: "gzip" | "br" | "zstd"): Buffer {
  let packed = bombs.get(coding);
  if (packed === undefined) {
    const zeros = Buffer.alloc(16 * 1_024 * 1_024);
    packed =
      coding === "gzip"
        ? gzipSync(zeros, { level: 1 })
        : coding === "br"
          ? brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
          : zstdCompressSync(zeros);
    bombs.set(coding, packed);
  }
  return packed;
}

const redirect =
  (status: number, target: (site: RouteSite) => string): Route =>
  (_request, response, site) =>
    response.writeHead(status, { location: target(site) }).end();
const answer =
  (status: number, headers: Record<string, string> = html, body: string | Buffer = page): Route =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);
/** Bytes as they stand, then the end of the connection. */
const raw =
  (text: string, end: (socket: Socket) => void = (socket) => socket.end()): Route =>
  (request) => {
    request.socket.write(text, "latin1");
    end(request.socket);
  };
const silent: Route = () => {};
const urlset = (origin: string, paths: readonly string[]) =>
  `<?xml version="1.0"?><urlset>${paths.map((path) => `<url><loc>${origin}${path}</loc><lastmod>2026-01-02</lastmod></url>`).join("")}</urlset>`;

/** One route a line; a path that is not listed is a plain page. */
const routes: Readonly<Record<string, Route>> = {
  "/robots.txt": answer(404),
  "/sitemap.xml": answer(404),
  "/missing": answer(404),
  "/no-content": (_request, response) => response.writeHead(204).end(),
  "/reset-content": (_request, response) => response.writeHead(205).end(),
  "/early-hints": (_request, response) => {
    response.writeEarlyHints({ link: "</style.css>; rel=preload" });
    response.writeHead(200, html).end(page);
  },
  "/validated": (request, response) =>
    request.headers["if-none-match"] === '"v1"'
      ? response.writeHead(304).end()
      : response.writeHead(200, { ...html, etag: '"v1"' }).end(page),
  // Size and compression
  "/gzip": answer(200, { ...html, "content-encoding": "gzip" }, gzipSync(page)),
  "/br": answer(200, { ...html, "content-encoding": "br" }, brotliCompressSync(page)),
  "/zstd": answer(200, { ...html, "content-encoding": "zstd" }, zstdCompressSync(page)),
  "/gzip-twice": answer(200, { ...html, "content-encoding": "gzip, br" }, brotliCompressSync(gzipSync(page))),
  "/gzip-lie": answer(200, { ...html, "content-encoding": "gzip" }),
  "/gzip-cut": answer(200, { ...html, "content-encoding": "gzip" }, gzipSync(page).subarray(0, 60)),
  "/gzip-rotten": answer(
    200,
    { ...html, "content-encoding": "gzip" },
    Buffer.concat([gzipSync(page).subarray(0, 30), Buffer.alloc(40, 0xff)]),
  ),
  "/bomb-gzip": (_request, response) =>
    response.writeHead(200, { ...html, "content-encoding": "gzip" }).end(bomb("gzip")),
  "/bomb-br": (_request, response) =>
    response.writeHead(200, { ...html, "content-encoding": "br" }).end(bomb("br")),
  "/bomb-zstd": (_request, response) =>
    response.writeHead(200, { ...html, "content-encoding": "zstd" }).end(bomb("zstd")),
  "/bomb-nested": (_request, response) =>
    response.writeHead(200, { ...html, "content-encoding": "gzip, gzip" }).end(gzipSync(bomb("gzip"))),
  "/huge": (_request, response, site) => {
    response.writeHead(200, { ...html, "content-length": String(50_000 * 1_000) });
    site.pour(response, Buffer.alloc(50_000, "x"), 1_000);
  },
  "/huge-unannounced": (_request, response, site) => {
    response.writeHead(200, html);
    site.pour(response, Buffer.alloc(50_000, "x"), 1_000);
  },
  "/endless": (_request, response, site) => {
    response.writeHead(200, html);
    site.pour(response, Buffer.alloc(50_000, "x"), Number.POSITIVE_INFINITY);
  },
  "/huge-headers": (_request, response) => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`x-${index}`, "y".repeat(4_000)]),
    );
    response.writeHead(200, { ...html, ...many }).end(page);
  },
  "/picture": (_request, response, site) => {
    response.writeHead(200, { "content-type": "image/png" });
    site.pour(response, Buffer.alloc(50_000, 1), 1_000);
  },
  "/setup.exe": answer(200, { "content-type": "application/octet-stream" }, Buffer.alloc(10)),
  // Time
  "/slow-headers": silent,
  "/slow-body": (_request, response) => response.writeHead(200, html).write("<p>and then"),
  "/drip": (_request, response) => {
    response.writeHead(200, html);
    const timer = setInterval(() => response.write("x"), 20);
    response.on("close", () => clearInterval(timer));
  },
  // Redirects
  "/loop": redirect(302, () => "/loop"),
  "/loop-a": redirect(301, () => "/loop-b"),
  "/loop-b": redirect(301, () => "/loop-a"),
  "/needs-cookie": (request, response) =>
    request.headers.cookie?.includes("seen=1")
      ? response.writeHead(200, html).end(page)
      : response.writeHead(302, { location: "/needs-cookie", "set-cookie": "seen=1; Path=/" }).end(),
  "/to-plain": redirect(308, () => "/plain#part"),
  "/to-userinfo": redirect(302, (site) => site.origin.replace("//", "//user:secret@") + "/plain"),
  "/to-mail": redirect(302, () => "mailto:someone@example.org"),
  "/to-nowhere": (_request, response) => response.writeHead(302, html).end(page),
  "/to-private": redirect(302, (site) => `/to-disallowed?next=${site.canaryPort}`),
  "/to-disallowed": redirect(302, () => "/private/page"),
  "/to-canary": redirect(302, (site) => site.canaryOrigin),
  "/to-metadata": redirect(302, () => "http://169.254.169.254/latest/meta-data/"),
  "/to-decimal": redirect(307, (site) => `http://2130706433:${site.canaryPort}/`),
  "/to-octal": redirect(307, (site) => `http://0177.0.0.1:${site.canaryPort}/`),
  "/to-hex": redirect(307, (site) => `http://0x7f000001:${site.canaryPort}/`),
  "/to-mapped": redirect(307, (site) => `http://[::ffff:127.0.0.1]:${site.canaryPort}/`),
  "/to-localhost": redirect(307, (site) => `http://localhost:${site.canaryPort}/`),
  "/to-confusing": redirect(307, (site) => `http://example.org@127.0.0.1:${site.canaryPort}/`),
  "/to-file": redirect(302, () => "file:///etc/passwd"),
  // Broken connections
  "/cut-off": raw("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5000\r\n\r\n<p>only this"),
  "/cut-chunk": raw(
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\n1000\r\n<p>only this",
  ),
  "/bad-chunk": raw(
    "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n<p>no\r\n0\r\n\r\n",
  ),
  "/bad-status": raw("ICY 200 OK\r\n\r\nmusic"),
  "/until-close": raw("HTTP/1.0 200 OK\r\ncontent-type: text/html\r\n\r\n<p>all of it"),
  "/reset": (request) => request.socket.resetAndDestroy(),
  // Refusals
  "/busy": (_request, response, site) =>
    answer(site.visits === 0 ? 429 : 200, { ...html, "retry-after": "1" })(_request, response, site),
  "/busy-date": (request, response, site) =>
    answer(site.visits === 0 ? 503 : 200, {
      ...html,
      "retry-after": new Date(Date.now() + 2_000).toUTCString(),
    })(request, response, site),
  "/broken": answer(503),
  "/forbidden": answer(403),
};

/** Starts the site and its canary on free ports. */
export async function startHostileSite(own: Readonly<Record<string, Route>> = {}): Promise<HostileSite> {
  const table = new Map(Object.entries({ ...routes, ...own }));
  const log: SiteRequest[] = [];
  let sent = 0;
  let strangers = 0;
  const canary = createTcpServer((socket) => {
    strangers += 1;
    socket.on("error", () => {}).resume();
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecret");
  });
  const canaryPort = await listen(canary);
  const pour = (response: ServerResponse, chunk: Buffer, times: number) => {
    let left = times;
    const more = () => {
      while (left > 0 && !response.destroyed) {
        left -= 1;
        sent += chunk.length;
        if (!response.write(chunk)) return;
      }
      if (left <= 0) response.end();
    };
    response.on("drain", more);
    more();
  };
  const server = createServer((request, response) => {
    const url = request.url ?? "/";
    const visits = log.filter((entry) => entry.url === url).length;
    log.push({ url, at: performance.now(), headers: request.headers });
    const site = { origin, canaryOrigin, canaryPort, visits, pour };
    const path = url.split("?", 1)[0] ?? "/";
    const hops = /^\/hops\/(\d+)$/.exec(path)?.[1];
    if (hops !== undefined && hops !== "0")
      redirect(302, () => `/hops/${Number(hops) - 1}`)(request, response, site);
    else (table.get(path) ?? answer(200))(request, response, site);
  });
  server.on("clientError", (_error, socket) => socket.destroy());
  const origin = `http://127.0.0.1:${await listen(server)}`;
  const canaryOrigin = `http://127.0.0.1:${canaryPort}`;
  const close = async () => {
    server.closeAllConnections();
    await Promise.all([server, canary].map((one) => new Promise((resolve) => one.close(resolve))));
  };
  return {
    origin,
    canary: { origin: canaryOrigin, port: canaryPort, connections: () => strangers },
    log,
    sentBytes: () => sent,
    on: (path, route) => table.set(path, route),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A sitemap that lists these paths. */
export const sitemapOf: (origin: string, paths: readonly string[]) => string = urlset;

function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}
