import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { SettlingClock } from "../browser/settling-clock.ts";
import { silentLog } from "../../src/log.ts";
import { QdrantConnection, type QdrantDeps } from "../../src/rag/stores/qdrant/client.ts";
import { QdrantOptions } from "../../src/rag/stores/qdrant/options.ts";

/** What a server was asked. */
export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Record<string, unknown>;
  /** Of the body. */
  readonly bytes: number;
}

/** Answers a request; the body has been read. */
export type Answer = (response: ServerResponse, asked: Asked, socket: Socket) => void;

/** Qdrant's way to answer. */
export function result(value: unknown): Answer {
  return (response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ result: value, status: "ok", time: 0 }));
  };
}

/** Qdrant's way to refuse. */
export function refusal(
  status: number,
  error: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ status: { error }, time: 0 }));
  };
}

/** Any other answer. */
export function raw(status: number, body: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return (response) => response.writeHead(status, headers).end(body);
}

/** Closes the connection instead of answering. */
export const cut: Answer = (_response, _asked, socket) => socket.destroy();
/** Never answers. */
export const silence: Answer = () => {};
export const written = result({ operation_id: 1, status: "completed" });

/** A server on loopback that gives these answers in turn, the last for ever, and a connection to it. */
export async function serve(
  answers: Answer | readonly Answer[],
  options: Partial<QdrantOptions> = {},
  deps: Partial<QdrantDeps> = {},
) {
  const list = typeof answers === "function" ? [answers] : answers;
  const asked: Asked[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://host");
      const body = Buffer.concat(chunks);
      const now: Asked = {
        method: request.method ?? "",
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body: body.length > 0 ? (JSON.parse(body.toString()) as Record<string, unknown>) : {},
        bytes: body.length,
      };
      asked.push(now);
      const answer = list[Math.min(asked.length, list.length) - 1];
      answer?.(response, now, request.socket);
    });
  });
  server.keepAliveTimeout = 0; // however long nothing is asked, a connection is not closed under the next request
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new SettlingClock();
  const connection = new QdrantConnection(
    { clock, log: silentLog, random: () => 0.5, ...deps },
    QdrantOptions.parse({ url, ...options }),
  );
  return {
    asked,
    clock,
    connection,
    sockets,
    url,
    /** Milliseconds that were slept through. */
    slept: () => clock.now() - Date.UTC(2026, 0, 1),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
