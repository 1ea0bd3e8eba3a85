import { packDocument } from "../../src/rag/packed-document.ts";
import { Database } from "../../src/database.ts";
import type { Block, BlockKind } from "../../src/document.ts";
import { analyze } from "../../src/rag/text/analyzer.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { searchableText } from "../../src/rag/text/searchable-text.ts";
import { archiveSchema } from "../../src/rag/stores/sqlite-schema.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";

/** A page for a test: each passage is a block and a chunk of its own. */
export interface SmallPage {
  readonly url: string;
  readonly title: string;
  /** ISO 8601; left out, the page does not say. */
  readonly publishedAt?: string;
  readonly passages: readonly (string | { readonly kind: BlockKind; readonly text: string })[];
}

/** A store in memory with these pages, none of them embedded. */
export class SmallIndex implements Disposable {
  readonly database: Database;
  readonly archive: SqliteArchive;
  readonly store: SqliteChunkStore;
  readonly #embedder: Embedder | undefined;

  constructor(pages: readonly SmallPage[], embedder?: Embedder) {
    this.#embedder = embedder;
    this.database = new Database(":memory:", { schema: [archiveSchema] });
    this.archive = new SqliteArchive({ database: this.database, ...(embedder ? { embedder } : {}) });
    this.store = new SqliteChunkStore({ archive: this.archive, database: this.database });
    this.database.writeNow(() => {
      for (const page of pages) this.#add(page);
    });
  }

  /** Embeds every passage whose text `isWanted`. */
  async embed(isWanted: (text: string) => boolean = () => true): Promise<void> {
    if (!this.#embedder) throw new Error("This index has no embedder.");
    const jobs = this.archive
      .embeddingBacklog({ limit: 10_000, onlyLead: false })
      .filter(({ text }) => isWanted(text));
    const vectors = await this.#embedder.embed(jobs.map(({ text }) => text));
    const rows = jobs.map(({ hash }, index) => ({ hash, vector: vectors[index] as Float32Array }));
    this.database.writeNow(() => this.archive.putVectors(rows));
  }

  [Symbol.dispose](): void {
    this.database.close();
  }

  #add({ url, title, publishedAt = "", passages }: SmallPage): void {
    const blocks: Block[] = [];
    let text = "";
    for (const passage of passages) {
      const { kind, text: words } =
        typeof passage === "string" ? { kind: "paragraph" as const, text: passage } : passage;
      if (text !== "") text += "\n\n";
      blocks.push({
        kind,
        start: text.length,
        end: text.length + words.length,
        level: kind === "heading" ? 2 : 0,
      });
      text += words;
    }
    this.archive.upsert({
      url,
      requestedUrl: url,
      finalUrl: url,
      host: new URL(url).host,
      httpStatus: 200,
      tier: "http",
      fetchedAt: 0,
      etag: "",
      lastModified: "",
      contentHash: text,
      bytes: text.length,
      terms: analyze(searchableText(title, text)),
      document: packDocument({
        title,
        description: "",
        author: "",
        publishedAt,
        modifiedAt: "",
        language: "en",
        siteName: "",
        canonicalUrl: "",
        markdown: text,
        text,
        fullText: "",
        blocks,
        structured: {},
        format: "html",
      }),
      chunks: blocks.map(({ start, end }) => {
        const words = searchableText(title, text.slice(start, end));
        return { start, end, headingPath: title, hash: words, terms: analyze(words) };
      }),
    });
  }
}
