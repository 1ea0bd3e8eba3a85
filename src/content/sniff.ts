import { isUtf8 } from "node:buffer";
import type { FormatName } from "./formats/index.ts";

/** What a body turned out to be: a format to read it with, or the content type of something that is not for reading. */
export type Sniffed =
  | { readonly kind: "format"; readonly format: FormatName }
  | { readonly kind: "unsupported"; readonly contentType: string };

/** @see WHATWG MIME Sniffing, section 6, and the formats' own specifications. */
const magicNumbers: readonly (readonly [string, string])[] = [
  ["\x89PNG\r\n\x1a\n", "image/png"],
  ["\xff\xd8\xff", "image/jpeg"],
  ["GIF87a", "image/gif"],
  ["GIF89a", "image/gif"],
  ["BM", "image/bmp"],
  ["II*\0", "image/tiff"],
  ["MM\0*", "image/tiff"],
  ["\0\0\x01\0", "image/x-icon"],
  ["8BPS", "image/vnd.adobe.photoshop"],
  ["PK\x03\x04", "application/zip"],
  ["PK\x05\x06", "application/zip"],
  ["\x1f\x8b", "application/gzip"],
  ["BZh", "application/x-bzip2"],
  ["\xfd7zXZ\0", "application/x-xz"],
  ["7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"],
  ["Rar!\x1a\x07", "application/vnd.rar"],
  ["\x28\xb5\x2f\xfd", "application/zstd"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"],
  ["{\\rtf", "application/rtf"],
  ["%!PS-Adobe-", "application/postscript"],
  ["\x7fELF", "application/x-elf"],
  ["MZ", "application/vnd.microsoft.portable-executable"],
  ["\0asm", "application/wasm"],
  ["wOFF", "font/woff"],
  ["wOF2", "font/woff2"],
  ["OTTO", "font/otf"],
  ["\0\x01\0\0", "font/ttf"],
  ["OggS", "application/ogg"],
  ["ID3", "audio/mpeg"],
  ["fLaC", "audio/flac"],
  ["\x1aE\xdf\xa3", "video/webm"],
  ["FLV\x01", "video/x-flv"],
  ["SQLite format 3\0", "application/vnd.sqlite3"],
];

/** Short magic numbers could start a text; these count only where the rest is not text. */
const minCertainMagic = 4;
const sampleBytes = 1_024;

const htmlElement =
  /^<(?:html|head|body|title|meta|link|script|style|h[1-6]|div|p|a|br|table|iframe|main|article|section|header|nav|ul|ol|span|b|img|center|font|form|base|noscript)[\s>/]/i;
const htmlRoot = /^<(?:!doctype\s+html|html[\s>])/i;

/**
 * Says what a body is, from its first bytes, its content type and its shape, in that order of trust: servers send PDF as HTML,
 * HTML as plain text, and anything as octet-stream.
 */
export function sniffFormat(body: Uint8Array, contentTypeHeader: string): Sniffed {
  const declared = contentTypeHeader.split(";")[0]?.trim().toLowerCase() ?? "";
  const bytes = Buffer.from(body.buffer, body.byteOffset, Math.min(body.byteLength, sampleBytes));
  const start = bytes.toString("latin1");
  if (isPdf(start)) return { kind: "format", format: "pdf" };
  const isText = looksLikeText(bytes, body.length > bytes.length);
  const magic = magicType(start, isText);
  if (magic !== undefined) return { kind: "unsupported", contentType: precise(magic, declared) };
  if (!isText) return { kind: "unsupported", contentType: declared || "application/octet-stream" };
  const format = formatOfText(textStart(start), declared);
  return format === undefined ? { kind: "unsupported", contentType: declared } : { kind: "format", format };
}

/** PDF.js takes files with other bytes before the mark; a text that only speaks of the mark has letters there. */
function isPdf(start: string): boolean {
  const at = start.indexOf("%PDF-");
  return at >= 0 && !/[a-z<]/i.test(start.slice(0, at));
}

function magicType(start: string, isText: boolean): string | undefined {
  for (const [magic, type] of magicNumbers) {
    if (start.startsWith(magic) && (!isText || magic.length >= minCertainMagic)) return type;
  }
  if (start.startsWith("RIFF")) {
    const kind = start.slice(8, 12);
    if (kind === "WEBP") return "image/webp";
    if (kind === "WAVE") return "audio/wav";
    if (kind === "AVI ") return "video/x-msvideo";
  }
  if (start.slice(4, 8) === "ftyp" && !isText)
    return /^avi[fs]/.test(start.slice(8, 12)) ? "image/avif" : "video/mp4";
  return undefined;
}

/** Office files are zip files too, and say so in their content type. */
function precise(magic: string, declared: string): string {
  const isContainer = magic === "application/zip" || magic === "application/x-ole-storage";
  return isContainer && /^application\/(?!octet-stream)/.test(declared) ? declared : magic;
}

function looksLikeText(bytes: Buffer, isCut: boolean): boolean {
  if (bytes.length === 0) return true;
  const mark = bytes.toString("latin1", 0, 3);
  if (mark === "\xef\xbb\xbf" || mark.startsWith("\xfe\xff") || mark.startsWith("\xff\xfe")) return true;
  const [a, b, c, d] = bytes;
  if ((a !== 0 && b === 0 && c !== 0 && d === 0) || (a === 0 && b !== 0 && c === 0 && d !== 0))
    return isWideText(bytes);
  let controls = 0;
  let nuls = 0;
  for (const byte of bytes) {
    if (byte === 0) nuls++;
    else if (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 0x1b)
      controls++;
  }
  // Stray NULs in pages happen; a page of HTML with them is still one.
  const isMarkup = /^\s*<[a-z!?]/i.test(bytes.toString("latin1", 0, 64));
  if (isMarkup) return nuls + controls <= bytes.length / 4;
  if (nuls > 0) return false;
  return controls === 0 || (controls <= bytes.length / 100 && (isUtf8(bytes) || isCut));
}

function isWideText(bytes: Buffer): boolean {
  let zeros = 0;
  for (const byte of bytes) if (byte === 0) zeros++;
  return zeros > bytes.length / 4 && zeros <= bytes.length * 0.55;
}

/** The first characters of a text, its byte order mark and white space gone, and the zeros of UTF-16. */
function textStart(start: string): string {
  return start
    .replace(/^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)/, "")
    .replaceAll("\0", "")
    .trimStart();
}

function formatOfText(start: string, declared: string): FormatName | undefined {
  const element = afterProlog(start);
  const isHtmlRoot = htmlRoot.test(element);
  const isHtmlShaped = isHtmlRoot || htmlElement.test(element);
  if (declared === "text/html" || declared === "application/xhtml+xml")
    return start.startsWith("<?xml") && isFeed(start) ? "xml" : "html";
  if (/[/+]json(?:-seq|l)?$/.test(declared) || declared === "application/x-ndjson")
    return isHtmlShaped ? "html" : "json";
  if (/[/+]xml$/.test(declared) && declared !== "image/svg+xml") return isHtmlRoot ? "html" : "xml";
  if (/^(?:image|audio|video|font|model)\//.test(declared)) return undefined;
  if (declared === "text/css" || /javascript|ecmascript/.test(declared))
    return isHtmlShaped ? "html" : undefined;
  if (declared.startsWith("text/")) return isHtmlRoot ? "html" : "text";
  if (declared !== "" && declared !== "unknown/unknown" && declared !== "*/*" && !isVague(declared)) {
    return isHtmlShaped ? "html" : undefined;
  }
  return byShape(start, isHtmlShaped);
}

/** What follows comments and XML declarations. A loop, since a regular expression for it can be made to take for ever. */
function afterProlog(start: string): string {
  let rest = start;
  for (;;) {
    const end = rest.startsWith("<!--")
      ? rest.indexOf("-->") + 3
      : rest.startsWith("<?")
        ? rest.indexOf(">") + 1
        : 0;
    if (end < 4) return rest;
    rest = rest.slice(end).trimStart();
  }
}

function isVague(declared: string): boolean {
  return /^(?:application|binary)\/(?:octet-stream|binary|unknown|x-unknown-content-type|force-download|x-download|download|pdf)$/.test(
    declared,
  );
}

function byShape(start: string, isHtmlShaped: boolean): FormatName {
  if (isHtmlShaped) return "html";
  if (start.startsWith("<?xml") || /^<(?:rss|feed|urlset|sitemapindex)[\s>]/.test(start)) return "xml";
  if (/^(?:\{\s*["}]|\[\s*(?:[{["\d-]|true|false|null|\]))/.test(start)) return "json";
  return "text";
}

function isFeed(start: string): boolean {
  return /<(?:rss|feed|rdf:RDF|urlset|sitemapindex)[\s>]/.test(start);
}
