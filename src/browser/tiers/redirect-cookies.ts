import { getPublicSuffix } from "tldts";
import { parseCookie } from "undici";
import type { SessionCookie } from "../stored-session.ts";

interface Kept {
  readonly value: string;
  readonly host: string;
  readonly coversSubdomains: boolean;
  readonly path: string;
  readonly isSecure: boolean;
}

/** More than this many cookies set on one way to a page are noise. */
const maxCookies = 200;

/**
 * The cookies of one redirect chain, those of a stored session first: sites that set a cookie and redirect to
 * themselves would otherwise loop. What a site sets is forgotten with the chain.
 * @see RFC 6265, sections 5.3 and 5.4.
 */
export class RedirectCookies {
  readonly #kept = new Map<string, Kept>();

  constructor(session: readonly SessionCookie[] = []) {
    for (const { name, value, domain, path, secure } of session) {
      const host = domain.replace(/^\./, "").toLowerCase();
      const coversSubdomains = domain.startsWith(".");
      this.#kept.set(`${host} ${path} ${name}`, {
        value: `${name}=${value}`,
        host,
        coversSubdomains,
        path,
        isSecure: secure,
      });
    }
  }

  /** Takes `Set-Cookie` headers that came from `url`. */
  store(setCookies: readonly string[], url: URL): void {
    for (const header of setCookies) {
      const cookie = parseCookie(header);
      if (cookie === null) continue;
      const domain = cookie.domain?.replace(/^\./, "").toLowerCase();
      if (domain !== undefined && !mayCover(domain, url.hostname)) continue;
      const host = domain ?? url.hostname;
      const path = cookie.path ?? "/";
      const id = `${host} ${path} ${cookie.name}`;
      const isExpired =
        (cookie.maxAge !== undefined && cookie.maxAge !== null && cookie.maxAge <= 0) ||
        (cookie.expires !== undefined && cookie.expires !== null && Number(cookie.expires) <= Date.now());
      if (isExpired) this.#kept.delete(id);
      else if (this.#kept.size < maxCookies) {
        this.#kept.set(id, {
          value: `${cookie.name}=${cookie.value}`,
          host,
          coversSubdomains: domain !== undefined,
          path,
          isSecure: cookie.secure === true,
        });
      }
    }
  }

  /** The `Cookie` header for `url`, or "". */
  header(url: URL): string {
    return [...this.#kept.values()]
      .filter(
        (cookie) =>
          (url.hostname === cookie.host ||
            (cookie.coversSubdomains && url.hostname.endsWith(`.${cookie.host}`))) &&
          (url.pathname === cookie.path || url.pathname.startsWith(cookie.path.replace(/\/?$/, "/"))) &&
          (!cookie.isSecure || url.protocol === "https:"),
      )
      .map((cookie) => cookie.value)
      .join("; ");
  }
}

/** A site may set cookies for itself and for a domain above it, not for a whole public suffix. */
function mayCover(domain: string, hostname: string): boolean {
  if (domain === hostname) return true;
  return (
    hostname.endsWith(`.${domain}`) && getPublicSuffix(hostname, { allowPrivateDomains: true }) !== domain
  );
}
