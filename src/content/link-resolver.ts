/** Longer addresses are no links anyone follows; also bounds the work on hostile ones. */
const maxHrefLength = 4_096;

// What WHATWG URL parsing would give back unchanged: no escapes, no dot segments, no port, no user, no address of digits.
const plainPath = /^\/(?!\/)[\w\-~/.]*(?:\?[\w\-~/.=&+,:;@%!]*)?$/;
const plainAbsolute =
  /^https?:\/\/(?:[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.)+[a-z]{2,24}\/[\w\-~/.]*(?:\?[\w\-~/.=&+,:;@%!]*)?$/;
/** A fragment that stays as it is, after a path that does not end in white space, which stands for itself only there. */
const plainFragment = /^(?:[^#]*[^#\s\p{Cc}])?#[\w\-~/.=&+,:;@%!]*$/u;
const dotSegment = /\/\.{1,2}(?:[/?]|$)/;

/** Makes the links of one page absolute: by the WHATWG URL parser, past it where it would change nothing. */
export class LinkResolver {
  /** What relative links hang on: the first valid `<base href>`, else the page's own URL. */
  readonly baseUrl: string;
  readonly #origin: string;
  readonly #cache = new Map<string, string | undefined>();

  /** @param baseHrefs The page's `<base href>` values, in order. @param pageUrl Where the redirects ended. */
  constructor(pageUrl: string, baseHrefs: readonly string[]) {
    let base = URL.parse(pageUrl);
    for (const href of baseHrefs) {
      const url = URL.parse(href.trim(), pageUrl);
      if (url === null || !isWeb(url)) continue;
      base = url;
      break;
    }
    this.baseUrl = base?.href ?? "";
    this.#origin = base === null || !isWeb(base) ? "" : base.origin;
  }

  /** The absolute http(s) URL, its fragment kept; undefined for everything else. User names and passwords are dropped. */
  resolveWithFragment(href: string): string | undefined {
    if (href.length > maxHrefLength) return undefined;
    const hash = href.indexOf("#");
    if (hash < 0 || !plainFragment.test(href)) return this.#resolveOnce(href);
    // Contents and indexes lead to a hundred places of one page: it is resolved once.
    const page = this.#resolveOnce(href.slice(0, hash));
    return page === undefined ? undefined : page + href.slice(hash);
  }

  /** As a page to fetch: without the fragment, unless it is a route of the page's own (`#/`, `#!`). */
  resolve(href: string): string | undefined {
    const url = this.resolveWithFragment(href);
    if (url === undefined) return undefined;
    const at = url.indexOf("#");
    if (at < 0 || url[at + 1] === "/" || url[at + 1] === "!") return url;
    return url.slice(0, at);
  }

  #resolveOnce(href: string): string | undefined {
    if (this.#cache.has(href)) return this.#cache.get(href);
    const url = this.#resolve(href);
    this.#cache.set(href, url);
    return url;
  }

  #resolve(href: string): string | undefined {
    if (!dotSegment.test(href)) {
      if (this.#origin !== "" && plainPath.test(href)) return this.#origin + href;
      if (plainAbsolute.test(href) && !href.includes("//xn--") && !href.includes(".xn--")) return href;
    }
    const url = this.baseUrl === "" ? URL.parse(href) : URL.parse(href, this.baseUrl);
    if (url === null || !isWeb(url) || url.hostname === "") return undefined;
    if (url.username !== "" || url.password !== "") {
      url.username = "";
      url.password = "";
    }
    return url.href;
  }
}

function isWeb(url: URL): boolean {
  return url.protocol === "http:" || url.protocol === "https:";
}
