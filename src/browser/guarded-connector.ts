import type { LookupFunction } from "node:net";
import { callbackify } from "node:util";
import { buildConnector } from "undici";
import type { EgressGuard } from "./egress-guard.ts";

/**
 * An undici connector that reaches only what the guard lets through. The guard resolves inside the connection's own
 * lookup, so the address it checked is the address that is dialled.
 */
export function guardedConnector(
  guard: EgressGuard,
  options: { readonly connectTimeoutMs: number },
): buildConnector.connector {
  // One connector a port: the lookup of a socket is told the host alone, and what the guard allows hangs on the port.
  const byPort = new Map<number, buildConnector.connector>();
  return (target, callback) => {
    const port = Number(target.port || (target.protocol === "https:" ? 443 : 80));
    const refusal = guard.checkHost(target.hostname, port);
    if (refusal !== undefined) {
      callback(refusal, null);
      return;
    }
    let connector = byPort.get(port);
    if (connector === undefined) {
      connector = buildConnector({
        allowH2: false,
        timeout: options.connectTimeoutMs,
        autoSelectFamily: true,
        lookup: guardedLookup(guard, port),
      });
      if (byPort.size < maxPorts) byPort.set(port, connector);
    }
    connector(target, callback);
  };
}

/** Ports whose TLS sessions are kept for reuse; links to ever new ports must not grow the map. */
const maxPorts = 64;

function guardedLookup(guard: EgressGuard, port: number): LookupFunction {
  const resolve = callbackify((hostname: string) => guard.resolve(hostname, port));
  return (hostname, options, callback) => {
    resolve(hostname, (error, addresses) => {
      if (error !== null) callback(error, "");
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, addresses[0]?.address ?? "", addresses[0]?.family);
    });
  };
}
