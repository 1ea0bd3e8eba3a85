import type { DatabaseSync } from "node:sqlite";
import type { Upgrades } from "../../database.ts";
import { instantOf, primaryLanguage } from "../filter.ts";
import { unpackDocument } from "../packed-document.ts";
import { readBytes } from "./packed-numbers.ts";
import { reanalyze } from "./sqlite-reanalyze.ts";

/**
 * The index's tables in the data folder's file.
 *
 * `chunk` and `page` rows carry their terms; `segment` and `posting` are made from them and can be made again.
 * Ids of `chunk`, `page` and `embedding` are never given twice, so a row is either as it was or gone (`dead`).
 */
export const archiveSchema = `
CREATE TABLE IF NOT EXISTS document(
  id INTEGER PRIMARY KEY AUTOINCREMENT, url TEXT NOT NULL UNIQUE, requested_url TEXT NOT NULL, final_url TEXT NOT NULL,
  host TEXT NOT NULL, http_status INTEGER NOT NULL, tier TEXT NOT NULL, fetched_at INTEGER NOT NULL, etag TEXT NOT NULL,
  last_modified TEXT NOT NULL, content_hash TEXT NOT NULL, bytes INTEGER NOT NULL, title TEXT NOT NULL,
  published_at TEXT NOT NULL, published_ms INTEGER, language TEXT NOT NULL DEFAULT '', format TEXT NOT NULL DEFAULT '',
  revision INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL, rest BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS document_requested ON document(requested_url);
CREATE INDEX IF NOT EXISTS document_content ON document(content_hash);
-- All that filters ask for but the address, so that none reads the documents themselves.
CREATE INDEX IF NOT EXISTS document_filter ON document(host, language, format, fetched_at, published_ms);
DROP INDEX IF EXISTS document_host;
CREATE INDEX IF NOT EXISTS document_revision ON document(revision);
CREATE TABLE IF NOT EXISTS gone(url TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS gone_revision ON gone(revision);
-- How far each other store has been fed from here.
CREATE TABLE IF NOT EXISTS feed(target TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
-- Where it was fed last, and when: a store that does not answer cannot say which target it is.
CREATE TABLE IF NOT EXISTS fed(place TEXT PRIMARY KEY, target TEXT NOT NULL, at INTEGER NOT NULL) STRICT;

CREATE TABLE IF NOT EXISTS page(
  id INTEGER PRIMARY KEY AUTOINCREMENT, document_id INTEGER NOT NULL UNIQUE,
  length INTEGER NOT NULL, terms BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS chunk(
  id INTEGER PRIMARY KEY AUTOINCREMENT, document_id INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  starts INTEGER NOT NULL, ends INTEGER NOT NULL, rank INTEGER NOT NULL, is_embedded INTEGER NOT NULL,
  hash TEXT NOT NULL, heading_path TEXT NOT NULL, length INTEGER NOT NULL, terms BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS chunk_document ON chunk(document_id);
CREATE INDEX IF NOT EXISTS chunk_hash ON chunk(hash);
CREATE INDEX IF NOT EXISTS chunk_backlog ON chunk(rank, document_id, ordinal) WHERE is_embedded = 0;

CREATE TABLE IF NOT EXISTS segment(
  id INTEGER PRIMARY KEY AUTOINCREMENT, field TEXT NOT NULL, is_ready INTEGER NOT NULL, first_id INTEGER NOT NULL,
  last_id INTEGER NOT NULL, items INTEGER NOT NULL, ids BLOB NOT NULL, documents BLOB NOT NULL, lengths BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS posting(id INTEGER PRIMARY KEY, block BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS merge(
  field TEXT PRIMARY KEY, target INTEGER NOT NULL, inputs TEXT NOT NULL,
  dead_until INTEGER NOT NULL, next_term INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS dead(seq INTEGER PRIMARY KEY AUTOINCREMENT, field TEXT NOT NULL, id INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS dead_item ON dead(field, id);

CREATE TABLE IF NOT EXISTS embedder(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, dimensions INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS vector(
  id INTEGER PRIMARY KEY, hash TEXT NOT NULL, embedder_id INTEGER NOT NULL, numbers BLOB NOT NULL,
  UNIQUE(hash, embedder_id)
) STRICT;
CREATE TABLE IF NOT EXISTS embedding(
  id INTEGER PRIMARY KEY AUTOINCREMENT, chunk_id INTEGER NOT NULL UNIQUE, document_id INTEGER NOT NULL,
  vector_id INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sign_block(
  id INTEGER PRIMARY KEY AUTOINCREMENT, last_id INTEGER NOT NULL, items INTEGER NOT NULL,
  ids BLOB NOT NULL, documents BLOB NOT NULL, signs BLOB NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS index_state(
  id INTEGER PRIMARY KEY CHECK (id = 1), stamp INTEGER NOT NULL, embedder_id INTEGER NOT NULL,
  documents INTEGER NOT NULL, chunks INTEGER NOT NULL, embedded INTEGER NOT NULL,
  leads INTEGER NOT NULL, embedded_leads INTEGER NOT NULL, revision INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO index_state(id, stamp, embedder_id, documents, chunks, embedded, leads, embedded_leads)
VALUES(1, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING;
`;

/**
 * Layout 3 knows what filters ask for, and what has changed since another store was last fed. Layout 4 has other terms for
 * text in scripts without spaces between words.
 */
export const archiveUpgrades: Upgrades = {
  2(connection) {
    if (!hasDocuments(connection)) return;
    connection.exec(`
      ALTER TABLE document ADD COLUMN published_ms INTEGER;
      ALTER TABLE document ADD COLUMN language TEXT NOT NULL DEFAULT '';
      ALTER TABLE document ADD COLUMN format TEXT NOT NULL DEFAULT '';
      ALTER TABLE document ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE index_state ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
      UPDATE document SET revision = id;
      UPDATE document SET host = substr(host, 1, length(host) - 4) WHERE url LIKE 'https:%' AND host LIKE '%:443';
      UPDATE document SET host = substr(host, 1, length(host) - 3) WHERE url LIKE 'http:%' AND host LIKE '%:80';
      UPDATE index_state SET revision = (SELECT coalesce(max(id), 0) FROM document);
    `);
    describeDocuments(connection);
  },
  3(connection) {
    if (hasDocuments(connection)) reanalyze(connection);
  },
};

/** The file may be that of coordination alone. */
function hasDocuments(connection: DatabaseSync): boolean {
  return connection.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'document'").get() !== undefined;
}

function describeDocuments(connection: DatabaseSync): void {
  const select = connection.prepare("SELECT body, rest FROM document WHERE id = ?");
  const update = connection.prepare(
    "UPDATE document SET published_ms = ?, language = ?, format = ? WHERE id = ?",
  );
  for (const { id } of connection.prepare("SELECT id FROM document").all()) {
    const row = select.get(id ?? null);
    if (!row) continue;
    const document = unpackDocument({ text: readBytes(row["body"]), rest: readBytes(row["rest"]) });
    const { publishedAt, language, format } = document;
    update.run(instantOf(publishedAt) ?? null, primaryLanguage(language), format, id ?? null);
  }
}
