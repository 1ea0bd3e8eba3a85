import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

/** A loopback server, TCP and UDP, that counts who comes: pages must not reach it. */
export interface Canary extends AsyncDisposable {
  readonly origin: string;
  /** `127.0.0.1:PORT` */
  readonly udpAddress: string;
  /** TCP connections and UDP packets so far. */
  readonly visits: number;
}

/** A loopback site whose pages are drawn by scripts, or misbehave. */
export interface ScriptedSite extends AsyncDisposable {
  readonly origin: string;
  /** Requests seen: `path`, oldest first. */
  readonly requests: readonly { readonly path: string; readonly headers: IncomingMessage["headers"] }[];
}

export async function startCanary(): Promise<Canary> {
  let visits = 0;
  const server = createServer((_request, response) => response.end("secret"));
  server.on("connection", () => visits++);
  const origin = await listen(server);
  const udp = createSocket("udp4", () => visits++).bind(0, "127.0.0.1");
  await once(udp, "listening");
  return {
    origin,
    udpAddress: `127.0.0.1:${udp.address().port}`,
    get visits() {
      return visits;
    },
    async [Symbol.asyncDispose]() {
      udp.close();
      await close(server);
    },
  };
}

/** @param canary A server that no page may reach, though many try. */
export async function startScriptedSite(canary: Canary): Promise<ScriptedSite> {
  const requests: { path: string; headers: IncomingMessage["headers"] }[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "/";
    requests.push({ path, headers: request.headers });
    const route = routes[path.split("?")[0] ?? ""] ?? notFound;
    route(response, canary, request);
  });
  server.on("upgrade", (_request, socket: Duplex) => socket.destroy());
  const origin = await listen(server);
  return { origin, requests, [Symbol.asyncDispose]: () => close(server) };
}

type Route = (response: ServerResponse, canary: Canary, request: IncomingMessage) => void;

const filler = "Enough words to be read as a page of its own, and not as an empty shell.";

/** @param body HTML in which CANARY and UDP stand for the canary's addresses. */
function page(body: string): Route {
  return (response, canary) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    const filled = body.replaceAll("CANARY", canary.origin).replaceAll("UDP", canary.udpAddress);
    response.end(`<!doctype html><html><head><title>Scripted</title></head><body>${filled}</body></html>`);
  };
}

const script = (code: string) => `<script>${code}</script>`;

/** What a page does as soon as its HTML is read, before anybody can have seen it at rest. */
const onceRead = (code: string) =>
  `addEventListener("DOMContentLoaded", () => setTimeout(() => { ${code} }, 0))`;

const notFound: Route = (response) => {
  response.writeHead(404, { "content-type": "text/html" }).end(`<p>There is nothing here. ${filler}</p>`);
};

const routes: Readonly<Record<string, Route>> = {
  "/plain": page(`<p>Plain text. ${filler}</p>`),
  "/client-rendered": page(
    '<div id="root"></div>' +
      script(
        `fetch("/data").then((r) => r.json()).then((d) => { root.innerHTML = "<p>" + d.text + "</p><img src=/picture.png>"; })`,
      ),
  ),
  "/data": (response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ text: `Drawn by a script. ${filler}` })),
  "/picture.png": (response) => response.writeHead(200, { "content-type": "image/png" }).end(""),
  "/late": page(
    '<div id="root"></div>' +
      script(`setTimeout(() => { root.textContent = "Drawn by a timer. ${filler}"; }, 1200)`),
  ),
  "/push-state": page(
    '<div id="root"></div>' +
      script(`history.pushState({}, "", "/route/7"); root.textContent = "Route seven. ${filler}";`),
  ),
  "/shadow": page(
    "<article><x-card>Slotted light text.</x-card></article>" +
      script(`customElements.define("x-card", class extends HTMLElement {
        connectedCallback() {
          const root = this.attachShadow({ mode: "open" });
          root.innerHTML = "<style>p{color:red}</style><p>Text in the shadow &amp; more. ${filler}</p><slot></slot><p>After the slot.</p>";
        }
      })`),
  ),
  "/frame": page(`<p>Around the frame. ${filler}</p><iframe src="/inner/page" width="300"></iframe>`),
  "/inner/page": page('<p>Inside the frame.</p><a href="next">next</a>'),
  "/hostile-globals": page(
    `<form name="body"><input name="childNodes"></form><p>Honest text. ${filler}</p>` +
      script(
        `Object.defineProperty(Element.prototype, "outerHTML", { get: () => "forged" }); JSON.stringify = () => "forged"; Array.from = () => [];`,
      ),
  ),
  "/hop": (response) => response.writeHead(302, { location: "/plain" }).end(),
  "/redirect-loop": (response) => response.writeHead(302, { location: "/redirect-loop" }).end(),
  "/script-redirect": page(script(`setTimeout(() => location.replace("/plain"), 100)`)),
  "/navigates-forever": page(
    `<p>${filler}</p>` + script(`location.href = "/navigates-forever?" + Math.random()`),
  ),
  "/infinite-script": page(`<p>Before. ${filler}</p>` + script("while (true) {}")),
  "/late-infinite-script": page(`<p>Before. ${filler}</p>` + script(onceRead("while (true) {}"))),
  "/dialogs": page(`<p>Three dialogs. ${filler}</p>` + script(`alert(1); confirm("?"); prompt("?");`)),
  "/dialog-storm": page(`<p>${filler}</p>` + script("while (true) alert(1)")),
  "/console-storm": page(
    `<p>A talkative page. ${filler}</p>` +
      script(`for (let i = 0; i < 20000; i++) console.log("x".repeat(500))`),
  ),
  "/popups": page(
    `<p>Windows. ${filler}</p>` + script(`for (let i = 0; i < 20; i++) window.open("/plain?popup=" + i)`),
  ),
  "/endless": (response) => {
    response.writeHead(200, { "content-type": "text/html" });
    const timer = setInterval(() => response.write(`<p>${filler}</p>`), 50);
    response.on("close", () => clearInterval(timer));
  },
  "/flood": (response) => {
    response.writeHead(200, { "content-type": "text/html" });
    const more = () => {
      while (response.write(`<!-- ${"x".repeat(65_536)} -->`));
    };
    response.on("drain", more);
    more();
  },
  "/long-document": page(`<p>${filler.repeat(2_000)}</p>`),
  "/reset": (response) => response.destroy(),
  "/hangs-later": page(`<p>${filler}</p>` + script(onceRead('location.href = "/hangs"'))),
  "/long-poll": page(
    `<p>It never rests. ${filler}</p>` + script(`const poll = () => fetch("/hangs"); poll();`),
  ),
  "/hangs": () => undefined,
  "/blocked-by-script": page(`<p>Text before a dead script. ${filler}</p><script src="/hangs"></script>`),
  "/crash": page(script(`const all = []; for (;;) all.push(new Array(1e6).fill(Math.random()));`)),
  "/cut-off": (response) => {
    response.writeHead(200, { "content-type": "text/html", "content-length": "100000" });
    response.write(`<p>${filler}</p>`);
    setTimeout(() => response.destroy(), 50);
  },
  "/download": (response) =>
    response
      .writeHead(200, {
        "content-type": "application/zip",
        "content-disposition": "attachment; filename=a.zip",
      })
      .end("PK"),
  "/json": (response) => response.writeHead(200, { "content-type": "application/json" }).end('{"a": 1}'),
  "/no-content": (response) => response.writeHead(204).end(),
  "/cookie": (response, _canary, request) => {
    response.writeHead(200, { "content-type": "text/html", "set-cookie": "seen=1" });
    response.end(`<p>Cookies: ${request.headers.cookie ?? "none"}. ${filler}</p>`);
  },
  "/to-canary": (response, canary) => response.writeHead(302, { location: `${canary.origin}/secret` }).end(),
  "/two-hops-to-canary": (response) => response.writeHead(302, { location: "/to-canary" }).end(),
  "/script-to-canary": page(script(`location.href = "CANARY/secret"`)),
  "/refresh-to-canary": page('<meta http-equiv="refresh" content="0; url=CANARY/secret">'),
  "/parts-from-canary": page(
    `<p>Parts from elsewhere. ${filler}</p>
    <link rel="preconnect" href="CANARY"><link rel="prefetch" href="CANARY/p"><link rel="stylesheet" href="CANARY/c">
    <img src="CANARY/i"><iframe src="CANARY/f"></iframe><video src="CANARY/v"></video><script src="CANARY/s"></script>` +
      script(`
        const quietly = (call) => { try { call(); } catch {} };
        for (const url of ["CANARY/x", "/to-canary"]) fetch(url, { mode: "no-cors" }).catch(() => {});
        quietly(() => navigator.sendBeacon("CANARY/b"));
        quietly(() => new EventSource("CANARY/e"));
        quietly(() => new WebSocket("CANARY/w".replace("http", "ws")));
        quietly(() => new WebTransport("CANARY/t".replace("http", "https")));
        quietly(() => new Worker(URL.createObjectURL(new Blob(['fetch("CANARY/l"); importScripts("CANARY/k")']))));
        quietly(() => {
          const turn = "turn:" + "CANARY".replace("http://", "") + "?transport=tcp";
          const peer = new RTCPeerConnection({ iceServers: [{ urls: "stun:UDP" }, { urls: turn, username: "u", credential: "p" }] });
          peer.createDataChannel("d");
          peer.createOffer().then((offer) => peer.setLocalDescription(offer));
        });`),
  ),
};

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
