import { setImmediate as breathe } from "node:timers/promises";
import { createGunzip } from "node:zlib";
import { Parser } from "htmlparser2";
import type { RunContext } from "../context.ts";
import type { FetchTier } from "./fetch-tier.ts";
import type { HostGate } from "./host-gate.ts";
import type { Robots } from "./robots.ts";

/** A page that a sitemap lists. */
export interface SitemapUrl {
  readonly url: string;
  /** As written, or "". */
  readonly lastModified: string;
}

/** A sitemap file holds at most 50,000 URLs (sitemaps.org); so many are taken of a site at all. */
const defaultMaxUrls = 50_000;
const maxFiles = 200;
const maxIndexDepth = 3;
/** sitemaps.org allows 50 MB uncompressed; what is beyond this is left out, not an error. */
const defaultMaxFileBytes = 32_000_000;
/** Of all files together: about twice what 50,000 long URLs need. */
const maxTotalBytes = 100_000_000;
/** Bytes parsed at a time: other work gets its turn between two slices, and a reader who stops early stops the parsing. */
const sliceBytes = 131_072;

const maxLocationLength = 4_096;

interface Entry extends SitemapUrl {
  readonly isSitemap: boolean;
}

/**
 * The URLs that the sitemaps of an origin list: those robots.txt names, and `/sitemap.xml`. Indexes are followed,
 * gzip is undone, text sitemaps are read; a broken file gives what can be read of it and an HTML page nothing.
 * The URLs are not checked against any scope. Files that cannot be had are left out.
 * @see sitemaps.org, protocol 0.9.
 */
export async function* sitemapUrls(
  deps: { readonly tier: FetchTier; readonly robots: Robots; readonly gate: HostGate },
  origin: string,
  context: RunContext,
  options: { readonly maxUrls?: number; readonly maxFileBytes?: number } = {},
): AsyncGenerator<SitemapUrl, void, void> {
  const maxUrls = options.maxUrls ?? defaultMaxUrls;
  const queue: { readonly url: string; readonly depth: number }[] = [];
  const seen = new Set<string>();
  const enqueue = (url: string, depth: number) => {
    if (depth > maxIndexDepth || seen.size >= maxFiles || seen.has(url)) return;
    seen.add(url);
    queue.push({ url, depth });
  };
  for (const listed of await deps.robots.sitemaps(origin, context)) enqueue(listed, 0);
  enqueue(new URL("/sitemap.xml", origin).href, 0);
  let given = 0;
  let bytes = 0;
  for (let file = queue.shift(); file !== undefined && bytes < maxTotalBytes; file = queue.shift()) {
    const body = await fetchSitemap(deps, file.url, options.maxFileBytes ?? defaultMaxFileBytes, context);
    if (body === undefined) continue;
    bytes += body.length;
    for await (const entry of readSitemap(body, file.url)) {
      if (entry.isSitemap) enqueue(entry.url, file.depth + 1);
      else {
        yield { url: entry.url, lastModified: entry.lastModified };
        given += 1;
        if (given >= maxUrls) return;
      }
    }
  }
}

async function fetchSitemap(
  deps: { readonly tier: FetchTier; readonly gate: HostGate },
  url: string,
  maxBytes: number,
  context: RunContext,
): Promise<Uint8Array | undefined> {
  const passage = await deps.gate.pass(new URL(url), { canDefer: false }, context);
  if (passage.kind !== "turn") return undefined;
  using turn = passage.turn;
  const outcome = await deps.tier.fetch(
    { url, acceptsAnyType: true, prefixBytes: maxBytes, onSent: () => turn.sent() },
    context,
  );
  if (outcome.kind !== "page" || outcome.page.httpStatus !== 200) return undefined;
  const { body } = outcome.page;
  return body[0] === 0x1f && body[1] === 0x8b ? await gunzipPrefix(body, maxBytes) : body;
}

/** Unpacks as much as `maxBytes`, and of a broken file what comes before the break. */
async function gunzipPrefix(packed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: sliceBytes });
  gunzip.end(packed);
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const part of gunzip as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // Cut off or corrupt: what was read so far still lists pages.
    gunzip.destroy();
  }
  return Buffer.concat(parts).subarray(0, maxBytes);
}

/** The entries of one sitemap file, XML or text. Exported for its table test. */
export async function* readSitemap(body: Uint8Array, base: string): AsyncGenerator<Entry, void, void> {
  const start = new TextDecoder().decode(body.subarray(0, 1_024)).trimStart();
  if (/^<(?:!doctype\s+html|html)/i.test(start)) return;
  const read = start.startsWith("<") ? xmlReader(base) : textReader(base);
  const decoder = new TextDecoder();
  for (let at = 0; at < body.length; at += sliceBytes) {
    const isLast = at + sliceBytes >= body.length;
    yield* read(decoder.decode(body.subarray(at, at + sliceBytes), { stream: !isLast }), isLast);
    if (!isLast) await breathe();
  }
}

/** Takes the next piece of a file, gives the entries that are whole by then. */
type SitemapReader = (text: string, isLast: boolean) => Entry[];

function textReader(base: string): SitemapReader {
  let rest = "";
  return (text, isLast) => {
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = isLast ? "" : (lines.pop() ?? "").slice(0, maxLocationLength);
    const addresses = lines.filter((line) => /^\s*https?:/i.test(line));
    return addresses.map((line) => entryOf(line, "", false, base)).filter((entry) => entry !== undefined);
  };
}

/** By events, so that no tree is built and no entity is expanded beyond XML's own five. */
function xmlReader(base: string): SitemapReader {
  const found: Entry[] = [];
  let isIndex = false;
  let field = "";
  let location = "";
  let lastModified = "";
  const parser = new Parser(
    {
      onopentagname(qualified) {
        const name = localName(qualified);
        if (name === "sitemapindex") isIndex = true;
        if (name === "url" || name === "sitemap") location = lastModified = "";
        // `image:loc` and `video:loc` are not pages.
        field = qualified === "loc" || name === "lastmod" ? name : "";
      },
      ontext(text) {
        if (field === "loc" && location.length < maxLocationLength) location += text;
        if (field === "lastmod" && lastModified.length < 64) lastModified += text;
      },
      onclosetag(qualified, isImplied) {
        field = "";
        // Closed by the end of the file: cut off, so its address may be half of one.
        if (isImplied) return;
        const name = localName(qualified);
        if (name !== "url" && name !== "sitemap") return;
        const entry = entryOf(location, lastModified.trim(), isIndex || name === "sitemap", base);
        if (entry !== undefined) found.push(entry);
        location = lastModified = "";
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  return (text, isLast) => {
    parser.write(text);
    if (isLast) parser.end();
    return found.splice(0);
  };
}

function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(":") + 1);
}

function entryOf(
  location: string,
  lastModified: string,
  isSitemap: boolean,
  base: string,
): Entry | undefined {
  if (location.trim() === "") return undefined;
  const url = URL.parse(location.trim(), base);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) return undefined;
  return { url: url.href, lastModified, isSitemap };
}
