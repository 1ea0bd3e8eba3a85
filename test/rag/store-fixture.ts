import { packDocument } from "../../src/rag/packed-document.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database, type Upgrades } from "../../src/database.ts";
import type { PageDocument } from "../../src/document.ts";
import { analyze } from "../../src/rag/text/analyzer.ts";
import type { NewChunk, NewDocument } from "../../src/rag/chunk-store.ts";
import { searchableText } from "../../src/rag/text/searchable-text.ts";
import { archiveSchema } from "../../src/rag/stores/sqlite-schema.ts";

/** An index file in a folder of its own; disposing closes what was opened and removes the folder. */
export class StoreFile implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "forager-store-"));
  readonly #open = new Set<Database>();
  readonly path = join(this.#folder, "forager.sqlite");

  open(options: { readonly isReadOnly?: boolean; readonly upgrades?: Upgrades } = {}): Database {
    const database = new Database(this.path, { schema: [archiveSchema], ...options });
    this.#open.add(database);
    return database;
  }

  [Symbol.dispose](): void {
    for (const database of this.#open) database.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** A document whose passages are chunks, one each. */
export function documentOf(url: string, passages: readonly string[], title = ""): NewDocument {
  const text = passages.join("\n\n");
  let start = 0;
  const chunks = passages.map((passage): NewChunk => {
    const from = start;
    start += passage.length + 2;
    const searched = searchableText(title, passage);
    return {
      start: from,
      end: from + passage.length,
      headingPath: title,
      hash: `hash of ${searched}`,
      terms: analyze(searched),
    };
  });
  return {
    url,
    requestedUrl: `${url}?requested`,
    finalUrl: url,
    host: new URL(url).host,
    httpStatus: 200,
    tier: "http",
    fetchedAt: 1_700_000_000_000,
    etag: '"e"',
    lastModified: "yesterday",
    contentHash: `content ${text}`,
    bytes: text.length,
    document: packDocument(pageOf(title, text)),
    chunks,
    terms: analyze(searchableText(title, text)),
  };
}

function pageOf(title: string, text: string): PageDocument {
  return {
    title,
    description: "a description",
    author: "",
    publishedAt: "2026-01-02",
    modifiedAt: "",
    language: "en",
    siteName: "",
    canonicalUrl: "",
    markdown: `# ${title}\n\n${text}`,
    text,
    fullText: "",
    blocks: [],
    structured: { kind: "article" },
    format: "html",
  };
}
