import picomatch from "picomatch";

/** Whether a URL belongs to a run, and if not, why. */
export type ScopeVerdict = { readonly isIn: true } | { readonly isIn: false; readonly why: string };

interface Glob {
  readonly text: string;
  /** `host` when the pattern names the URL's host too, and so may widen the scope beyond the seeds' hosts. */
  match(url: URL): "host" | "path" | undefined;
}

/**
 * Which URLs a run may fetch: the seeds' hosts (port and all, `www.` counted the same), narrowed by include globs and
 * exclude globs. Globs match the path (`/blog/*`, `**\/docs/**`), the file name where they hold no slash (`*.pdf`), or
 * host and path (`docs.example.org/**`, `https://example.org/**`); an include that names a host opens that host.
 */
export class Scope {
  readonly #seeds = new Set<string>();
  readonly #hosts = new Set<string>();
  readonly #include: readonly Glob[];
  readonly #exclude: readonly Glob[];

  constructor(options: {
    readonly seeds: readonly string[];
    readonly include?: readonly string[];
    readonly exclude?: readonly string[];
  }) {
    for (const seed of options.seeds) {
      const url = new URL(seed);
      this.#seeds.add(withoutHash(url));
      this.#hosts.add(siteHost(url));
    }
    this.#include = (options.include ?? []).map(compile);
    this.#exclude = (options.exclude ?? []).map(compile);
  }

  /** Judges an absolute URL. A seed is always in: the user named it. */
  judge(url: string): ScopeVerdict {
    const parsed = new URL(url);
    if (this.#seeds.has(withoutHash(parsed))) return { isIn: true };
    const excluding = this.#exclude.find((glob) => glob.match(parsed) !== undefined);
    if (excluding !== undefined) return { isIn: false, why: `excluded by ${excluding.text}` };
    const including = this.#include.map((glob) => glob.match(parsed)).filter((match) => match !== undefined);
    if (!this.#hosts.has(siteHost(parsed)) && !including.includes("host")) {
      return { isIn: false, why: `another host than the start addresses: ${parsed.host}` };
    }
    if (this.#include.length > 0 && including.length === 0) {
      return { isIn: false, why: "matches no include pattern" };
    }
    return { isIn: true };
  }
}

function siteHost(url: URL): string {
  return url.host.replace(/^www\./, "");
}

function withoutHash(url: URL): string {
  return url.href.replace(/#.*$/, "");
}

function compile(text: string): Glob {
  const isUrl = text.includes("://");
  const hasSlash = text.includes("/");
  const firstPart = text.split("/", 1)[0] ?? "";
  // `docs.example.org/**` begins with a host, `docs/v1.2/**` does not: a host is followed by its whole path.
  const namesHost =
    isUrl ||
    (hasSlash && /^[^/]+\.[a-z*]{2,}(?::\d+)?$|^localhost(?::\d+)?$|^[\d.]+(?::\d+)?$/i.test(firstPart));
  const isMatch = picomatch(text, { dot: true, nonegate: true });
  return {
    text,
    match(url) {
      const address = isUrl ? `${url.protocol}//${url.host}${url.pathname}` : `${url.host}${url.pathname}`;
      if (namesHost && either(isMatch, url, address)) return "host";
      if (isUrl) return undefined;
      const fileName = url.pathname.slice(url.pathname.lastIndexOf("/") + 1);
      const subjects = hasSlash ? [url.pathname, url.pathname.slice(1)] : [fileName];
      return subjects.some((subject) => either(isMatch, url, subject)) ? "path" : undefined;
    },
  };
}

/** Tries the subject alone and with the query, so that patterns need the query only where it matters. */
function either(isMatch: (subject: string) => boolean, url: URL, subject: string): boolean {
  return isMatch(subject) || (url.search !== "" && isMatch(subject + url.search));
}
