import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { ForagerError } from "../errors.ts";

/** An address that may be connected to. */
export interface CheckedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Gives every address of a host name, as text; rejects as `dns.lookup` does. */
export type ResolveHost = (hostname: string) => Promise<readonly string[]>;

/** Asks the machine's own resolver. */
export const systemResolve: ResolveHost = async (hostname) =>
  (await lookup(hostname, { all: true, order: "verbatim" })).map((found) => found.address);

/** A URL or a host leads to an address that only the user may name; nothing was sent to it. */
export class PrivateAddressError extends ForagerError {
  constructor(target: string, address: string, kind: string) {
    super(
      "private-address",
      `${target} leads to ${address} (${kind}), which pages may not reach. Name ${target} itself as a start address if you mean it.`,
    );
  }
}

/**
 * Decides where connections may go: to global unicast addresses, and to the origins (host and port) a user named.
 * Every tier asks it before a connection and connects to the very addresses it gave, so a name that changes its
 * answer between the check and the connection (DNS rebinding) gains nothing.
 * @see OWASP, Server Side Request Forgery Prevention Cheat Sheet; RFC 6890 and the IANA special-purpose registries.
 */
export class EgressGuard {
  readonly #resolve: ResolveHost;
  readonly #named = new Set<string>();

  constructor(
    deps: { readonly resolve: ResolveHost },
    options: { readonly allowedOrigins: readonly string[] },
  ) {
    this.#resolve = deps.resolve;
    for (const origin of options.allowedOrigins) this.allow(origin);
  }

  /** Lets through one origin that the user named: this host and this port, whatever the scheme and the path. */
  allow(url: string | URL): void {
    const { hostname, port } = hostAndPort(new URL(url));
    this.#named.add(`${hostname}:${port}`);
  }

  /** True when the user named this host with this port. */
  isNamed(hostname: string, port: number): boolean {
    return this.#named.has(`${bareHost(hostname)}:${port}`);
  }

  /** Judges a URL by itself, without DNS: its scheme, and its host where that is an address or a local name. */
  check(url: string | URL): PrivateAddressError | undefined {
    const parsed = typeof url === "string" ? new URL(url) : url;
    const { hostname, port } = hostAndPort(parsed);
    return this.checkHost(hostname, port);
  }

  /** {@link check} for a host that is not part of a URL, as in `CONNECT host:port`. */
  checkHost(hostname: string, port: number): PrivateAddressError | undefined {
    const host = bareHost(hostname);
    if (this.isNamed(host, port)) return undefined;
    if (host === "localhost" || host.endsWith(".localhost")) {
      return new PrivateAddressError(`${host}:${port}`, host, "loopback");
    }
    if (isIP(host) === 0) return undefined;
    const kind = nonGlobalKind(host);
    return kind === undefined ? undefined : new PrivateAddressError(`${host}:${port}`, host, kind);
  }

  /**
   * The addresses a host may be reached at. Connect to these, not to the name.
   * @returns At least one, in the resolver's order.
   * @throws {PrivateAddressError} When any answer is not global and the user did not name this host and port.
   * @throws What the resolver throws, such as an error with code `ENOTFOUND`.
   */
  async resolve(hostname: string, port: number): Promise<readonly CheckedAddress[]> {
    const host = bareHost(hostname);
    const refusal = this.checkHost(host, port);
    if (refusal !== undefined) throw refusal;
    const answers = isIP(host) === 0 ? await this.#resolve(host) : [host];
    const addresses = answers.map(asAddress);
    if (addresses.length === 0) throw noAddress(host);
    if (this.isNamed(host, port)) return addresses;
    for (const { address } of addresses) {
      const kind = nonGlobalKind(address);
      if (kind !== undefined) throw new PrivateAddressError(`${host}:${port}`, address, kind);
    }
    return addresses;
  }
}

/** Why an IP address is no public one (`loopback`, `private`, `6to4`, ...); undefined for global unicast. */
export function nonGlobalKind(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return "not an address";
  const parsed = ipaddr.parse(address);
  const range = parsed.range();
  if (range !== "unicast") return range;
  // Only 2000::/3 is handed out as global unicast (RFC 4291, 2.4); the rest includes IPv4-compatible ::127.0.0.1.
  if (parsed instanceof ipaddr.IPv6 && ((parsed.parts[0] ?? 0) & 0xe000) !== 0x2000) return "reserved";
  return undefined;
}

function asAddress(address: string): CheckedAddress {
  return { address, family: address.includes(":") ? 6 : 4 };
}

function hostAndPort(url: URL): { readonly hostname: string; readonly port: number } {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { hostname: bareHost(url.hostname), port };
}

/** Lower case, no brackets of an IPv6 literal, no trailing dot of a rooted name. */
function bareHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

function noAddress(host: string): Error {
  return Object.assign(new Error(`${host} has no address`), { code: "ENOTFOUND" });
}
