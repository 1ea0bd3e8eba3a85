import type { HtmlNode } from "./html-tree.ts";
import type { Survey } from "./survey.ts";

/** A JSON object, as `JSON.parse` gives it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a page says about itself for machines. */
export interface StructuredData {
  /** Every JSON-LD object of the page, `@graph` taken apart. */
  readonly jsonLd: readonly JsonObject[];
  /** `og:`, `article:`, `product:` and `twitter:` properties; the first of each name. */
  readonly openGraph: Readonly<Record<string, string>>;
}

export interface StructuredLimits {
  readonly maxStructuredBytes: number;
  readonly maxStructuredDepth: number;
}

const maxObjects = 100;
const maxPropertyLength = 2_000;

/** Reads JSON-LD and OpenGraph. What is broken, too long or too deep is left out: it is an extra, not the page. */
export function readStructured(found: Survey, limits: StructuredLimits): StructuredData {
  const jsonLd: JsonObject[] = [];
  let room = limits.maxStructuredBytes;
  for (const source of found.jsonLd) {
    if (source.length > room) continue;
    room -= source.length;
    for (const object of objectsOf(parseLoosely(source))) {
      if (jsonLd.length < maxObjects && isShallow(object, limits.maxStructuredDepth)) jsonLd.push(object);
    }
  }
  return { jsonLd, openGraph: readProperties(found.metas) };
}

function readProperties(metas: readonly HtmlNode[]): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const meta of metas) {
    const name = (meta.attribute("property") ?? meta.attribute("name") ?? "").trim().toLowerCase();
    const value = meta.attribute("content");
    if (value === undefined || !/^(?:og|article|product|twitter|book|profile):[\w:.-]{1,60}$/.test(name))
      continue;
    if (!Object.hasOwn(properties, name))
      properties[name] = value.trim().slice(0, maxPropertyLength).toWellFormed();
  }
  return properties;
}

function parseLoosely(source: string): unknown {
  const text = source
    .trim()
    .replace(/^(?:<!--|\/\*\s*<!\[CDATA\[\s*\*\/|<!\[CDATA\[)/, "")
    .replace(/(?:-->|\/\*\s*\]\]>\s*\*\/|\]\]>|;)$/, "");
  try {
    return JSON.parse(text);
  } catch {
    // Raw line breaks inside strings are the most common fault.
  }
  try {
    return JSON.parse(text.replace(/\p{Cc}+/gu, " "));
  } catch {
    return undefined;
  }
}

function objectsOf(value: unknown, depth = 0): JsonObject[] {
  if (Array.isArray(value))
    return depth > 4 ? [] : value.slice(0, maxObjects).flatMap((each) => objectsOf(each, depth + 1));
  if (!isObject(value)) return [];
  const graph = value["@graph"];
  return Array.isArray(graph) ? objectsOf(graph, depth + 1) : [value];
}

/** Whether nothing in `value` lies deeper than `depth`, so that walking it is safe. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  if (depth <= 0) return false;
  return Object.values(value).every((each) => isShallow(each, depth - 1));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a JSON-LD object is of one of the types: `Article`, `https://schema.org/Article`, or a list of such. */
export function hasType(object: JsonObject, types: RegExp): boolean {
  const type = object["@type"];
  const list = Array.isArray(type) ? type : [type];
  return list.some((each) => typeof each === "string" && types.test(each.replace(/^.*[/#:]/, "")));
}
