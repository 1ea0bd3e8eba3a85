import { isAscii, isUtf8 } from "node:buffer";
import { analyse } from "chardet";

/** Where a `<meta charset>` must stand to count. HTML standard 4.2.5.4. */
const metaPrescanBytes = 1_024;
/** Bytes around text that is not ASCII, given to the detector. */
const detectorSampleBytes = 8_192;
/** From this many multi-byte sequences on, bytes that are valid UTF-8 are UTF-8 whatever a header says: GBK text passes by chance with p < 1e-6. */
const convincingSequences = 8;

/** A page's text and the WHATWG name of the encoding it was in. */
export interface DecodedText {
  readonly text: string;
  readonly encoding: string;
}

/**
 * Decodes a page: byte order mark, then the header's label, then the `meta` in its first 1024 bytes, then what the bytes look like.
 * Labels that name no encoding are passed over, and so is one whose encoding does not fit the bytes, where another does.
 * @see HTML standard 13.2.3.2 "Determining the character encoding"
 */
export function decodeText(
  body: Uint8Array,
  hints: { readonly contentType: string; readonly isUtf8: boolean; readonly hasMeta: boolean },
): DecodedText {
  const marked = byteOrderMark(body);
  if (marked !== undefined) {
    const label = hints.isUtf8 ? "utf-8" : marked.encoding;
    return { text: decodeLoosely(body.subarray(marked.length), label), encoding: label };
  }
  if (hints.isUtf8) return { text: decodeLoosely(body, "utf-8"), encoding: "utf-8" };
  const header = encodingOf(charsetOf(hints.contentType));
  if (header === "utf-16le" || header === "utf-16be") {
    const text = decodeStrictly(body, header);
    if (text !== undefined && looksRight(text)) return { text, encoding: header };
  }
  const wide = wideWithoutMark(body);
  if (wide !== undefined) return { text: decodeLoosely(body, wide), encoding: wide };
  const meta = hints.hasMeta ? metaEncoding(body) : undefined;
  const declared = [header, meta].filter((label) => label !== undefined && !label.startsWith("utf-16"));
  return decodeDeclared(
    body,
    declared.filter((label) => label !== undefined),
  );
}

function decodeDeclared(body: Uint8Array, declared: readonly string[]): DecodedText {
  const first = declared[0];
  if (isAscii(body) && !declared.includes("iso-2022-jp") && !body.includes(0x1b)) {
    return { text: asBuffer(body).toString("latin1"), encoding: first ?? "utf-8" };
  }
  const utf8 = withoutCutSequence(body);
  if (utf8 !== undefined && (first === undefined || first === "utf-8" || isConvincing(utf8, first))) {
    return { text: asBuffer(utf8).toString("utf8"), encoding: "utf-8" };
  }
  if (utf8 === undefined && declared.includes("utf-8") && isMostlyUtf8(body)) {
    return { text: decodeLoosely(body, "utf-8"), encoding: "utf-8" };
  }
  for (const encoding of declared) {
    const text = decodeStrictly(body, encoding);
    if (text !== undefined) return { text, encoding };
  }
  if (utf8 !== undefined) return { text: asBuffer(utf8).toString("utf8"), encoding: "utf-8" };
  for (const encoding of guesses(body)) {
    const text = decodeStrictly(body, encoding);
    if (text !== undefined) return { text, encoding };
  }
  // Every byte means something in windows-1252, but a declared encoding with a few bad bytes reads better.
  const fallback = declared.find((label) => label !== "utf-8") ?? "windows-1252";
  return { text: decodeLoosely(body, fallback), encoding: fallback };
}

/** The `charset` parameter of a content type, or "". */
export function charsetOf(contentType: string): string {
  return /charset\s*=\s*["']?\s*([^\s"';,]+)/i.exec(contentType)?.[1] ?? "";
}

/** The encoding a label names, or undefined: unknown labels are no reason to fail. */
function encodingOf(label: string): string | undefined {
  if (label === "") return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined; // A label that names nothing we can read counts as absent.
  }
}

function byteOrderMark(body: Uint8Array): { readonly encoding: string; readonly length: number } | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return { encoding: "utf-8", length: 3 };
  if (body[0] === 0xfe && body[1] === 0xff) return { encoding: "utf-16be", length: 2 };
  if (body[0] === 0xff && body[1] === 0xfe) return { encoding: "utf-16le", length: 2 };
  return undefined;
}

/** UTF-16 that starts with markup and has no mark: every other byte of the first characters is zero. */
function wideWithoutMark(body: Uint8Array): string | undefined {
  if (body.length < 8) return undefined;
  const [a, b, c, d] = body;
  if (a !== 0 && b === 0 && c !== 0 && d === 0) return "utf-16le";
  if (a === 0 && b !== 0 && c === 0 && d !== 0) return "utf-16be";
  return undefined;
}

function metaEncoding(body: Uint8Array): string | undefined {
  const head = asBuffer(body.subarray(0, metaPrescanBytes))
    .toString("latin1")
    .replace(/<!--[\s\S]*?(?:-->|$)/g, "");
  for (const [tag] of head.matchAll(/<meta[\s/][^>]*>?/gi)) {
    const label = /\bcharset\s*=\s*["']?\s*([^\s"'/>;]+)/i.exec(tag)?.[1];
    const encoding = label === undefined ? undefined : encodingOf(label);
    // A page that can be read as ASCII up to here is not UTF-16, whatever it says; the standard takes UTF-8.
    if (encoding !== undefined) return encoding.startsWith("utf-16") ? "utf-8" : encoding;
  }
  const xml = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([^"']+)["']/i.exec(head)?.[1];
  const encoding = xml === undefined ? undefined : encodingOf(xml);
  return encoding?.startsWith("utf-16") === true ? "utf-8" : encoding;
}

/** The bytes less a sequence that the end of the body cut, where they are then valid UTF-8. */
function withoutCutSequence(body: Uint8Array): Uint8Array | undefined {
  if (isUtf8(body)) return body;
  for (let cut = 1; cut <= 3 && cut < body.length; cut++) {
    if ((body[body.length - cut] ?? 0) < 0xc2) continue;
    const rest = body.subarray(0, body.length - cut);
    return isUtf8(rest) ? rest : undefined;
  }
  return undefined;
}

/** Whether valid UTF-8 outweighs another label: one valid sequence does against one-byte encodings, several against the others. */
function isConvincing(body: Uint8Array, label: string): boolean {
  if (label === "iso-2022-jp") return false;
  const wanted = /^(?:gb|big5|euc-|shift_jis)/.test(label) ? convincingSequences : 1;
  let sequences = 0;
  for (const byte of body) if (byte >= 0xc2 && ++sequences >= wanted) return true;
  return false;
}

/** Declared UTF-8 with a few broken bytes in it stays UTF-8: any other reading would spoil every letter that is not ASCII. */
function isMostlyUtf8(body: Uint8Array): boolean {
  const sample = asBuffer(body.subarray(0, 1 << 18)).toString("utf8");
  const broken = sample.split("\ufffd").length - 1;
  const whole = (sample.match(/[^\0-\x7f\ufffd]/g) ?? []).length;
  return whole > broken * 8;
}

/** Encodings in the order the detector finds them likely, from the parts of the page that are not ASCII. */
function guesses(body: Uint8Array): string[] {
  const found = analyse(sampleOf(body)).map(({ name }) => encodingOf(name));
  return found
    .filter((encoding) => encoding !== undefined && !encoding.startsWith("utf-"))
    .filter((e) => e !== undefined);
}

/** The bytes near those that are not ASCII: markup would drown them. */
function sampleOf(body: Uint8Array): Uint8Array {
  const sample = new Uint8Array(detectorSampleBytes);
  let length = 0;
  let lastOther = -100;
  for (let i = 0; i < body.length && length < detectorSampleBytes; i++) {
    const byte = body[i] ?? 0;
    if (byte >= 0x80 || byte === 0x1b) lastOther = i;
    if (i - lastOther <= 4 && byte !== 0x3c && byte !== 0x3e) sample[length++] = byte;
  }
  return sample.subarray(0, length);
}

function decodeStrictly(body: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(body);
  } catch {
    return undefined; // The bytes are not in this encoding; the caller tries the next.
  }
}

function decodeLoosely(body: Uint8Array, encoding: string): string {
  return new TextDecoder(encoding).decode(body);
}

/** Bytes of markup read as UTF-16 by mistake turn into ideographs without a space. */
function looksRight(text: string): boolean {
  return text.slice(0, 2_000).includes(" ") || text.includes("<");
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
