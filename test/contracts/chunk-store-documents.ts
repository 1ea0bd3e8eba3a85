import { hash } from "node:crypto";
import fc from "fast-check";
import type { IndexedDocument } from "../../src/rag/chunk-store.ts";
import type { Filter } from "../../src/rag/filter.ts";
import { packDocument, unpackDocument } from "../../src/rag/packed-document.ts";
import { documentOf } from "../rag/store-fixture.ts";
import { embedder } from "./chunk-store-harness.ts";

/** A page in a few words, from which a document is made. */
export interface Page {
  readonly url: string;
  readonly title: string;
  readonly passages: readonly string[];
  readonly language: string;
  readonly format: string;
  readonly publishedAt: string;
  readonly fetchedAt: number;
}

const words = "otter river stone bridge lamp winter letter garden the of Otters naïve C3 ünder".split(" ");
const hosts = ["a.example", "b.example:8080"];
const dates = ["", "sometime", "2024-02-30T99", "2020-01-01", "2020-01-01T00:00:00.001Z", "2026-05"];
const languages = ["en", "en-US", "DE", ""];
const formats = ["html", "pdf"];

const passage = fc.oneof(
  fc.constantFrom("the otter of the river", "stone bridge", "of the", "winter lamp"),
  fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 9 }).map((list) => list.join(" ")),
);

/** Few addresses and words, so that pages are put again and texts repeat. */
export const anyPage: fc.Arbitrary<Page> = fc.record({
  url: fc
    .record({ host: fc.constantFrom(...hosts), path: fc.nat({ max: 2 }) })
    .map(({ host, path }) => `https://${host}/${path}`),
  title: fc.constantFrom("", "Winter"),
  passages: fc.array(passage, { maxLength: 5 }),
  language: fc.constantFrom(...languages),
  format: fc.constantFrom(...formats),
  publishedAt: fc.constantFrom(...dates),
  fetchedAt: fc.integer({ min: 1_577_836_799_999, max: 1_577_836_800_003 }),
});

/** Some words of the corpus and some that no page has. */
export const anyQuestion = fc
  .array(fc.constantFrom(...words, "nowhere", "absent"), { maxLength: 5 })
  .map((list) => list.join(" "));

const bound = fc.option(
  fc.oneof(
    fc.integer({ min: 1_577_836_799_998, max: 1_577_836_800_004 }),
    fc.constantFrom(0, 1e300, -1e300, 1_577_836_800_000.5, Date.UTC(2026, 4)),
  ),
  { nil: undefined },
);

/** Filters of every shape, empty lists and bounds the wrong way round included. */
export const anyFilter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.oneof(
      fc.record({ field: fc.constant("host"), anyOf: fc.subarray([...hosts, "c.example"]) }),
      fc.record({
        field: fc.constant("url"),
        anyOf: fc.subarray(["https://a.example/1", "https://a.example/2"]),
      }),
      fc.record({ field: fc.constant("language"), anyOf: fc.subarray(["en", "de", ""]) }),
      fc.record({ field: fc.constant("format"), anyOf: fc.subarray([...formats, "PDF"]) }),
      fc
        .record({ field: fc.constantFrom("fetchedAt", "publishedAt"), from: bound, before: bound })
        .map(({ field, from, before }) => ({
          field,
          ...(from === undefined ? {} : { from }),
          ...(before === undefined ? {} : { before }),
        })),
    ) as fc.Arbitrary<Filter>,
    fc.record({ all: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ any: fc.array(tie("filter"), { maxLength: 3 }) }),
    fc.record({ not: tie("filter") }),
  ),
})).filter;

/** A page for examples. */
export function pageOf(url: string, passages: readonly string[], facts: Partial<Page> = {}): Page {
  return {
    url,
    title: "",
    passages,
    language: "en",
    format: "html",
    publishedAt: "",
    fetchedAt: 1_700_000_000_000,
    ...facts,
  };
}

/** The document of a page, with the vectors of those texts that have one. */
export function indexedOf(page: Page, isEmbedded: (hash: string) => boolean = () => false): IndexedDocument {
  const { url, title, passages, language, format, publishedAt, fetchedAt } = page;
  const document = documentOf(url, passages, title);
  const facts = { language, format, publishedAt };
  return {
    ...document,
    fetchedAt,
    document: packDocument({ ...unpackDocument(document.document), ...facts }),
    chunks: document.chunks.map((chunk) => ({
      ...chunk,
      ...(isEmbedded(chunk.hash) ? { vector: vectorOf(chunk.hash) } : {}),
    })),
  };
}

/** A unit vector that depends on `text` alone. */
export function vectorOf(text: string): Float32Array {
  const bytes = hash("sha256", text, "buffer");
  const vector = Float32Array.from({ length: embedder.dimensions }, (_, at) => bytes.readInt16LE(2 * at));
  const norm = Math.hypot(...vector);
  return vector.map((number) => number / norm);
}
