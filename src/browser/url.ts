import { getDomain } from "tldts";

/** A link as Forager understands it, or why it is none that can be fetched. */
export type NormalizedUrl =
  | {
      readonly kind: "url";
      /** Two URLs with one key are one page. Never fetched: a server may care about what the key leaves out. */
      readonly key: string;
      /** What to fetch: absolute, without user name and password; the fragment only where it routes. */
      readonly url: string;
      /** `host:port`, the unit of politeness. */
      readonly host: string;
    }
  | { readonly kind: "refused"; readonly reason: string };

/** The sitemap protocol and most servers stop near 2,048; longer ones are nearly always traps. */
const maxUrlLength = 2_000;

/** `/a/b/a/b/a/b/...` grows for ever from one wrong relative link; a segment more frequent than this is taken for one. */
const maxSegmentRepeats = 3;

/** Parameters that say where a visitor came from and never what the page is. After the ClearURLs and Brave lists. */
const trackingNames = new Set(
  (
    "gclid gclsrc dclid gbraid wbraid fbclid msclkid yclid ysclid twclid ttclid li_fat_id igshid igsh mc_cid mc_eid " +
    "_ga _gl _hsenc _hsmi __hssc __hstc hsctatracking vero_id vero_conv oly_anon_id oly_enc_id rb_clickid s_cid " +
    "wickedid mkt_tok srsltid ml_subscriber ml_subscriber_hash epik guccounter guce_referrer guce_referrer_sig"
  ).split(" "),
);
const trackingPrefixes = ["utm_", "mtm_", "pk_", "piwik_", "matomo_", "hsa_", "stm_"];

/** Names that only ever hold a session. */
const sessionNames = new Set(["jsessionid", "phpsessid", "cfid", "cftoken", "oscsid", "zenid"]);
/** Names that hold a session when the value looks like one; `sid=123` may well be story 123. */
const maybeSessionNames = new Set(["sid", "sessid", "sessionid", "session_id", "session"]);

/**
 * Gives a link its key and the URL to fetch.
 * @param base What relative links are resolved against.
 * @see RFC 3986, section 6; WHATWG URL does case, punycode, default ports, dot segments and odd IPv4 forms.
 */
export function normalizeUrl(input: string, base?: string): NormalizedUrl {
  if (input.length > maxUrlLength * 2) return refused("longer than 2,000 characters");
  const parsed = URL.parse(input, base);
  if (parsed === null) return refused("not a valid URL");
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") {
    return refused(`${parsed.protocol} is neither http: nor https:`);
  }
  parsed.username = "";
  parsed.password = "";
  if (parsed.hostname.endsWith(".")) parsed.hostname = parsed.hostname.slice(0, -1);
  if (!/^#(?:!|\/)./.test(parsed.hash)) parsed.hash = "";
  const url = parsed.href;
  if (url.length > maxUrlLength) return refused("longer than 2,000 characters");
  if (hasRepeatingPath(parsed.pathname)) return refused("its path repeats itself");

  const key = new URL(url);
  key.pathname = canonicalEscapes(key.pathname.replace(/;jsessionid=[^/;]*/gi, ""));
  const query = canonicalQuery(key.search);
  // The setter takes one leading "?" away, and the query may begin with another.
  key.search = query === "" ? "" : `?${query}`;
  if (key.hash !== "") key.hash = canonicalEscapes(key.hash);
  return { kind: "url", key: key.href, url, host: hostOf(parsed) };
}

/** The politeness key of a URL: its host with the port, also where that is the scheme's own. */
export function hostOf(url: string | URL): string {
  const { hostname, port, protocol } = typeof url === "string" ? new URL(url) : url;
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

/** The host as people write it, and as filters ask for it: with its port only where that is unusual. */
export function writtenHost(url: string): string {
  return new URL(url).host;
}

/** True when both belong to one registrable domain (public suffix list, private part included); addresses and local names must be equal. */
export function isSameSite(a: string | URL, b: string | URL): boolean {
  const [hostA, hostB] = [new URL(a).hostname, new URL(b).hostname];
  if (hostA === hostB) return true;
  const site = getDomain(hostA, { allowPrivateDomains: true });
  return site !== null && site === getDomain(hostB, { allowPrivateDomains: true });
}

function refused(reason: string): NormalizedUrl {
  return { kind: "refused", reason };
}

function hasRepeatingPath(path: string): boolean {
  const segments = path.split("/");
  if (segments.length <= maxSegmentRepeats + 1) return false;
  const counts = new Map<string, number>();
  for (const segment of segments) {
    if (segment === "") continue;
    const count = (counts.get(segment) ?? 0) + 1;
    if (count > maxSegmentRepeats) return true;
    counts.set(segment, count);
  }
  return false;
}

/** Upper-case escapes, and none where the character needs none (RFC 3986, 6.2.2). */
function canonicalEscapes(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(/%([0-9a-f]{2})/gi, (escape, hex: string) => {
    const character = String.fromCodePoint(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape.toUpperCase();
  });
}

/** Parameters by name, the order of equal names kept, without those that do not choose the page. */
function canonicalQuery(search: string): string {
  if (search.length < 2) return "";
  return canonicalEscapes(search.slice(1))
    .split("&")
    .filter((parameter) => parameter !== "" && !isIrrelevant(parameter))
    .map((parameter) => ({ parameter, name: nameOf(parameter) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ parameter }) => parameter)
    .join("&");
}

function isIrrelevant(parameter: string): boolean {
  const name = nameOf(parameter).toLowerCase();
  if (trackingNames.has(name) || sessionNames.has(name) || name.startsWith("aspsessionid")) return true;
  if (trackingPrefixes.some((prefix) => name.startsWith(prefix))) return true;
  return maybeSessionNames.has(name) && looksLikeSession(parameter.slice(name.length + 1));
}

function looksLikeSession(value: string): boolean {
  return /^[\w-]{6,}$/.test(value) && (!/^\d+$/.test(value) || value.length >= 10);
}

function nameOf(parameter: string): string {
  const equals = parameter.indexOf("=");
  return equals === -1 ? parameter : parameter.slice(0, equals);
}
