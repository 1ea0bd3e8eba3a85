import { z } from "zod";
import { normalizeUrl } from "../browser/url.ts";
import { OptionsError } from "../errors.ts";

const contentTypes = { text: "text/plain", markdown: "text/markdown", html: "text/html" } as const;
type ContentKind = keyof typeof contentTypes;
const kinds = Object.keys(contentTypes) as ContentKind[];

/** A document that is not crawled but handed in: with a `url` or an `id`, and its `text`, `markdown` or `html`. */
export const GivenDocument = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Its address; adding it again replaces it"),
    id: z.string().min(1).max(1_024).optional().describe("A name of your own, where it has no address"),
    title: z.string().optional(),
    text: z.string().optional(),
    markdown: z.string().optional(),
    html: z.string().optional(),
    author: z.string().optional(),
    publishedAt: z.string().optional().describe("ISO 8601"),
    language: z.string().optional().describe("BCP 47"),
    metadata: z
      .record(z.string(), z.unknown())
      .refine(isJson, "cannot be written as JSON")
      .optional()
      .describe("What you want back with it"),
    vector: z
      .instanceof(Float32Array)
      .refine((vector) => isFiniteDirection(vector), "has to be finite and not all zeros")
      .optional()
      .describe("Of the text as one passage, by the index's embedder; made where it is left out"),
  })
  .refine(({ url, id }) => (url === undefined) !== (id === undefined), "needs either url or id")
  .refine(
    (given) => kinds.filter((kind) => given[kind] !== undefined).length === 1,
    "needs one of text, markdown and html",
  )
  .refine(({ text, vector }) => !vector || text !== undefined, "a vector goes with text");
export type GivenDocument = z.input<typeof GivenDocument>;

/** A given document that was checked. */
export interface CheckedDocument {
  /** The key it is known by. */
  readonly url: string;
  readonly content: string;
  readonly contentType: (typeof contentTypes)[ContentKind];
  readonly vector?: Float32Array;
  readonly title?: string;
  readonly author?: string;
  readonly publishedAt?: string;
  readonly language?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

const scheme = "document:";

/** The address under which a document with an id of its own is kept and quoted. */
export function documentUrl(id: string): string {
  return scheme + encodeURIComponent(id.toWellFormed());
}

/** The id of {@link documentUrl}; undefined for addresses of the web. */
export function documentId(url: string): string | undefined {
  return url.startsWith(scheme) ? decodeURIComponent(url.slice(scheme.length)) : undefined;
}

/** @throws {OptionsError} Naming the document by its place, and what is wrong with it. */
export function checkDocument(given: GivenDocument, place: number): CheckedDocument {
  const parsed = GivenDocument.safeParse(given);
  if (!parsed.success) throw new OptionsError(`documents[${place}]`, parsed.error);
  const { url, id = "", text, markdown, html, ...known } = parsed.data;
  const kind = kinds.find((kind) => parsed.data[kind] !== undefined) ?? "text";
  return {
    ...withoutUndefined(known),
    url: url === undefined ? documentUrl(id) : pageKey(url, place),
    content: text ?? markdown ?? html ?? "",
    contentType: contentTypes[kind],
  };
}

function pageKey(url: string, place: number): string {
  const normalized = normalizeUrl(url);
  if (normalized.kind === "url") return normalized.key;
  throw new OptionsError(`documents[${place}]`, `url: ${normalized.reason}`);
}

function withoutUndefined<T extends object>(fields: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]: Exclude<T[Name], undefined>;
  };
}

function isJson(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false; // a cycle or a BigInt: the schema says so
  }
}

function isFiniteDirection(vector: Float32Array): boolean {
  const norm = Math.hypot(...vector);
  return Number.isFinite(norm) && norm > 0;
}
