import { randomBytes } from "node:crypto";
import type { lookup } from "node:dns";
import { Agent } from "node:http";
import type { LookupFunction, Socket } from "node:net";
import type { PrepareRequestFunctionOpts, PrepareRequestFunctionResult, Server } from "proxy-chain";
import { ForagerError } from "../errors.ts";
import type { Log } from "../log.ts";
import { PrivateAddressError, type CheckedAddress, type EgressGuard } from "./egress-guard.ts";

/** Why the proxy let something not through. */
export interface EgressRefusal {
  readonly kind: "private address" | "dns";
  readonly host: string;
  readonly port: number;
  readonly detail: string;
}

/** The right of one browser context to use the proxy, and an account of what it did with it. End it to close its connections. */
export interface EgressPass extends Disposable {
  readonly username: string;
  readonly password: string;
  /** Bytes sent to the browser so far, over all connections. */
  readonly bytes: number;
  /** True when the pass ended because the browser took more than its share. */
  readonly isOverdrawn: boolean;
  /** What was refused, oldest first, bounded. */
  readonly refusals: readonly EgressRefusal[];
}

interface Account {
  readonly maxBytes: number;
  readonly onOverdraft: () => void;
  readonly sockets: Map<Socket, number>;
  readonly refusals: EgressRefusal[];
  closedBytes: number;
  isOverdrawn: boolean;
}

/**
 * The only way out for our browsers: a forward proxy on loopback that asks the guard about every connection and dials
 * the very address the guard checked. It sees what Playwright's `route` does not: each hop of a redirect, sub-resources,
 * workers, WebSockets. Nothing without a valid pass gets through, so other programs on this machine gain nothing by it.
 */
export class EgressProxy implements AsyncDisposable {
  readonly #guard: EgressGuard;
  readonly #log: Log;
  readonly #accounts = new Map<string, Account>();
  readonly #password = randomBytes(24).toString("hex");
  /** Our own, so that no connection opened elsewhere in this process, unchecked, is taken up again. */
  readonly #agent = new Agent({ keepAlive: true, timeout: idleMs });
  #server: Server | undefined;
  #meter: NodeJS.Timeout | undefined;
  #refused = 0;

  private constructor(deps: { readonly guard: EgressGuard; readonly log: Log }) {
    this.#guard = deps.guard;
    this.#log = deps.log;
  }

  /** Starts a proxy on a free port of 127.0.0.1. */
  static async listen(deps: { readonly guard: EgressGuard; readonly log: Log }): Promise<EgressProxy> {
    const proxyChain = await import("proxy-chain");
    const proxy = new EgressProxy(deps);
    const server = new proxyChain.Server({
      host: "127.0.0.1",
      port: 0,
      authRealm: "Forager",
      prepareRequestFunction: async (request) => {
        try {
          return await proxy.#prepare(request);
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
          throw new proxyChain.RequestError(error.message, error.status);
        }
      },
    });
    await server.listen();
    proxy.#server = server;
    return proxy;
  }

  /** For Chromium's `--proxy-server`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server?.port ?? 0}`;
  }

  /** Connections refused since the start. */
  get refused(): number {
    return this.#refused;
  }

  /** @param onOverdraft Called once, when more than `maxBytes` went to the browser and its connections were cut. */
  issuePass(maxBytes: number, onOverdraft: () => void): EgressPass {
    const username = randomBytes(12).toString("hex");
    const account: Account = {
      maxBytes,
      onOverdraft,
      sockets: new Map(),
      refusals: [],
      closedBytes: 0,
      isOverdrawn: false,
    };
    this.#accounts.set(username, account);
    this.#meter ??= setInterval(() => this.#measure(), meterMs);
    return {
      username,
      password: this.#password,
      get bytes() {
        return bytesOf(account);
      },
      get isOverdrawn() {
        return account.isOverdrawn;
      },
      refusals: account.refusals,
      [Symbol.dispose]: () => {
        this.#accounts.delete(username);
        closeSockets(account);
        if (this.#accounts.size === 0) this.#stopMeter();
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopMeter();
    this.#agent.destroy();
    const server = this.#server;
    this.#server = undefined;
    await server?.close(true);
  }

  async #prepare(request: PrepareRequestFunctionOpts): Promise<PrepareRequestFunctionResult> {
    const account = this.#accounts.get(request.username);
    if (account === undefined || request.password !== this.#password) return { requestAuthentication: true };
    if (account.isOverdrawn) throw new RefusedError(403, "This page took more than its share.");
    const { hostname, port } = request;
    const addresses = await this.#checked(account, hostname, port);
    track(account, request.request.socket);
    withoutHeader(request.request.rawHeaders, "proxy-connection");
    // proxy-chain types this as `dns.lookup` itself, and hands it on as a socket's `lookup` option.
    return { dnsLookup: pinnedLookup(addresses) as typeof lookup, httpAgent: this.#agent };
  }

  async #checked(account: Account, host: string, port: number): Promise<readonly CheckedAddress[]> {
    try {
      return await this.#guard.resolve(host, port);
    } catch (error) {
      const isPrivate = error instanceof PrivateAddressError;
      const kind = isPrivate ? "private address" : "dns";
      const detail = isPrivate ? error.message : `${host} could not be resolved.`;
      if (account.refusals.length < maxRefusalsKept) account.refusals.push({ kind, host, port, detail });
      this.#refused++;
      this.#log.debug("connection refused", { host, port, kind });
      throw new RefusedError(isPrivate ? 403 : 502, detail);
    }
  }

  #measure(): void {
    for (const account of this.#accounts.values()) {
      if (account.isOverdrawn || bytesOf(account) <= account.maxBytes) continue;
      account.isOverdrawn = true;
      closeSockets(account);
      account.onOverdraft();
    }
  }

  #stopMeter(): void {
    clearInterval(this.#meter);
    this.#meter = undefined;
  }
}

/** An upstream connection that carries nothing for this long is closed. */
const idleMs = 60_000;

/** How often bytes are counted: at 1 Gbit/s some 3 MB pass between two counts. */
const meterMs = 25;

const maxRefusalsKept = 50;

class RefusedError extends ForagerError {
  readonly status: number;

  constructor(status: number, message: string) {
    super("egress-refused", message);
    this.status = status;
  }
}

/** Answers with the checked addresses, whatever the name says by now. */
function pinnedLookup(addresses: readonly CheckedAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, addresses[0]?.address ?? "", addresses[0]?.family);
  };
}

/** proxy-chain passes the header on; servers need not know of us. @param rawHeaders Names and values in turn; changed. */
function withoutHeader(rawHeaders: string[], name: string): void {
  for (let index = rawHeaders.length - 2; index >= 0; index -= 2) {
    if (rawHeaders[index]?.toLowerCase() === name) rawHeaders.splice(index, 2);
  }
}

/** Counts a connection of the browser to its account, from now to its end. */
function track(account: Account, socket: Socket): void {
  if (account.sockets.has(socket)) return;
  account.sockets.set(socket, socket.bytesWritten);
  socket.once("close", () => {
    account.closedBytes += socket.bytesWritten - (account.sockets.get(socket) ?? 0);
    account.sockets.delete(socket);
  });
}

function bytesOf(account: Account): number {
  let bytes = account.closedBytes;
  for (const [socket, before] of account.sockets) bytes += socket.bytesWritten - before;
  return bytes;
}

function closeSockets(account: Account): void {
  for (const socket of account.sockets.keys()) socket.destroy();
}
