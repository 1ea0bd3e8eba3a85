import type { Schemas } from "@qdrant/js-client-rest";
import type { MeanLengths } from "../../archive.ts";
import type { IndexedDocument } from "../../chunk-store.ts";
import { digestOf } from "../../document-state.ts";
import { unpackText } from "../../packed-document.ts";
import { type BatchLimits, batches } from "./batches.ts";
import { shortNumbers } from "./numbers.ts";
import { chunkPoint, documentPoint, type PlacedChunk, placeChunks, sharedPayload } from "./payload.ts";
import { documentPointId } from "./point-id.ts";
import type { NewPoint } from "./points.ts";

// A document's points change by generations: what is new is written with a number above all that are there, what stays
// is given that number too, the document's own point says that all is there, and then what has a lower number goes.
// Stopped at any place and done again, nothing is lost and nothing there twice.

type Operation = Schemas["UpdateOperation"];

/** What the collection has of a document: what one of its points says of itself. */
export interface HeldPoint {
  readonly id: string;
  /** With the {@link heldKeys}. */
  readonly payload: Readonly<Record<string, unknown>>;
}

export const heldKeys = ["doc_id", "gen", "ord", "start", "end", "embedded", "published_at", "digest"];

/** A document that the collection does not have as it shall be. */
interface ChangedDocument {
  readonly document: IndexedDocument;
  readonly added: readonly PlacedChunk[];
  readonly kept: readonly KeptChunk[];
}

interface KeptChunk extends PlacedChunk {
  readonly payload: HeldPoint["payload"];
}

/**
 * What makes these documents what the collection has under their URLs, to be done in this order; `[]` when they are that.
 * @param held All points of the documents.
 * @param gen Above those of all held points.
 * @param limits Of the points in one operation.
 */
export function putChanges(
  documents: readonly IndexedDocument[],
  held: readonly HeldPoint[],
  gen: number,
  means: MeanLengths,
  limits: BatchLimits,
): Operation[] {
  const byDocument = Map.groupBy(held, ({ payload }) => payload["doc_id"]);
  const changed = documents.flatMap(
    (document) => compare(document, byDocument.get(documentPointId(document.url)) ?? []) ?? [],
  );
  if (changed.length === 0) return [];
  const upserts = (points: Iterable<NewPoint>): Operation[] =>
    Array.from(batches(points, limits), (batch) => ({ upsert: { points: batch } }));
  return [
    ...upserts(changed.flatMap((change) => addedPoints(change, gen, means))),
    ...vectorsGained(changed, limits),
    ...changed.flatMap((change) => payloadChanges(change, gen)),
    ...upserts(changed.map(({ document }) => documentPoint(document, sharedPayload(document, gen), means))),
    {
      delete: {
        filter: {
          must: [
            { key: "doc_id", match: { any: changed.map(({ document }) => documentPointId(document.url)) } },
            { key: "gen", range: { lt: gen } },
          ],
        },
      },
    },
  ];
}

/** Undefined when the document's points are what they shall be, all of one generation. */
function compare(document: IndexedDocument, held: readonly HeldPoint[]): ChangedDocument | undefined {
  const chunks = placeChunks(document);
  const byId = new Map(held.map(({ id, payload }) => [id, payload]));
  const own = byId.get(documentPointId(document.url));
  const isWhole =
    held.length === 1 + chunks.length && held.every(({ payload }) => payload["gen"] === own?.["gen"]);
  if (isWhole && own?.["digest"] === digestOf(document)) return undefined;
  return {
    document,
    added: chunks.filter(({ id }) => !byId.has(id)),
    kept: chunks.flatMap((placed) => {
      const payload = byId.get(placed.id);
      return payload ? [{ ...placed, payload }] : [];
    }),
  };
}

function addedPoints({ document, added }: ChangedDocument, gen: number, means: MeanLengths): NewPoint[] {
  if (added.length === 0) return [];
  const shared = sharedPayload(document, gen);
  const text = unpackText(document.document.text);
  return added.map((placed) => chunkPoint(placed, shared, text, means));
}

/** Vectors for chunks that were there without; what says that they have one comes after it. */
function vectorsGained(changed: readonly ChangedDocument[], limits: BatchLimits): Operation[] {
  const gained = changed
    .flatMap(({ kept }) => kept)
    .flatMap(({ id, chunk: { vector }, payload }) =>
      vector && payload["embedded"] !== true ? [{ id, vector: { dense: shortNumbers(vector) } }] : [],
    );
  return Array.from(batches(gained, limits)).flatMap((points): Operation[] => [
    { update_vectors: { points } },
    { set_payload: { points: points.map(({ id }) => id), payload: { embedded: true } } },
  ]);
}

/** What kept chunks say anew of their places and their document; the generation last. */
function payloadChanges({ document, kept }: ChangedDocument, gen: number): Operation[] {
  if (kept.length === 0) return [];
  const shared = sharedPayload(document, gen);
  const points = kept.map(({ id }) => id);
  const isUndated = !("published_at" in shared) && kept.some(({ payload }) => "published_at" in payload);
  return [
    ...kept.filter(hasMoved).map(({ id, ordinal, chunk: { start, end } }): Operation => ({
      set_payload: { points: [id], payload: { ord: ordinal, start, end } },
    })),
    ...(isUndated ? [{ delete_payload: { points, keys: ["published_at"] } }] : []),
    { set_payload: { points, payload: shared } },
  ];
}

function hasMoved({ ordinal, chunk: { start, end }, payload }: KeptChunk): boolean {
  return payload["ord"] !== ordinal || payload["start"] !== start || payload["end"] !== end;
}
