import assert from "node:assert/strict";
import { ReadOptions } from "../../src/content/read-options.ts";
import { readPage } from "../../src/content/read-page.ts";
import type { FetchedPage, ReadOutcome } from "../../src/document.ts";

/** A fetched page around `body`: HTML at https://example.org/docs/page.html unless told otherwise. */
export function fetchedPage(
  body: string | Uint8Array,
  options: {
    readonly contentType?: string;
    readonly url?: string;
    readonly rendered?: boolean;
    readonly headers?: Record<string, string>;
  } = {},
): FetchedPage {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const url = options.url ?? "https://example.org/docs/page.html";
  return {
    requestedUrl: url,
    finalUrl: url,
    httpStatus: 200,
    headers: { "content-type": options.contentType ?? "text/html", ...options.headers },
    body: bytes,
    wireBytes: bytes.length,
    tier: "http",
    rendered: options.rendered ?? false,
    fetchedAt: 0,
  };
}

export type DocumentOutcome = Extract<ReadOutcome, { kind: "document" }>;

/** Reads a page that must give a document. */
export async function readDocument(
  body: string | Uint8Array,
  options: Parameters<typeof fetchedPage>[1] & { readonly caps?: Partial<ReadOptions> } = {},
): Promise<DocumentOutcome> {
  const outcome = await readPage(fetchedPage(body, options), ReadOptions.parse(options.caps ?? {}));
  assert.equal(outcome.kind, "document");
  return outcome;
}
