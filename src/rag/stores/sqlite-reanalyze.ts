import type { DatabaseSync } from "node:sqlite";
import { analyze } from "../text/analyzer.ts";
import { documentTerms } from "../text/document-terms.ts";
import { unpackText } from "../packed-document.ts";
import { unspacedLetter } from "../text/scripts.ts";
import { searchableText } from "../text/searchable-text.ts";
import { packTerms, readBytes } from "./packed-numbers.ts";
import type { Field } from "./sqlite-segments.ts";

const isConcerned = new RegExp(unspacedLetter, "v");

/**
 * Gives pages in scripts without spaces between words the terms that the analyzer makes now. Their passages keep their
 * vectors; their rows get ids of their own, as what an id stands for never changes, and they count as changed.
 */
export function reanalyze(connection: DatabaseSync): void {
  const documents = connection.prepare("SELECT id FROM document ORDER BY id").all();
  const select = connection.prepare("SELECT title, body FROM document WHERE id = ?");
  for (const { id } of documents) {
    const row = select.get(id ?? null);
    if (!row) continue;
    const document = { title: String(row["title"]), text: unpackText(readBytes(row["body"])) };
    if (isConcerned.test(document.title) || isConcerned.test(document.text))
      reanalyzeDocument(connection, Number(id), document);
  }
}

function reanalyzeDocument(
  connection: DatabaseSync,
  id: number,
  document: { readonly title: string; readonly text: string },
): void {
  const rows = connection
    .prepare("SELECT id, starts, ends, heading_path, hash FROM chunk WHERE document_id = ? ORDER BY ordinal")
    .all(id);
  const chunks = rows.map((row) => {
    const [start, end] = [Number(row["starts"]), Number(row["ends"])];
    const headingPath = String(row["heading_path"]);
    const terms = analyze(searchableText(headingPath, document.text.slice(start, end)));
    return { id: Number(row["id"]), start, end, headingPath, hash: String(row["hash"]), terms };
  });
  const move = connection.prepare("UPDATE embedding SET chunk_id = ? WHERE chunk_id = ?");
  for (const chunk of chunks) move.run(replace(connection, "chunk", chunk.id, chunk.terms), chunk.id);
  const page = connection.prepare("SELECT id FROM page WHERE document_id = ?").get(id);
  if (page) replace(connection, "page", Number(page["id"]), documentTerms(document, chunks));
  connection.exec("UPDATE index_state SET revision = revision + 1, stamp = stamp + 1");
  connection
    .prepare("UPDATE document SET revision = (SELECT revision FROM index_state) WHERE id = ?")
    .run(id);
}

/** Moves a row, with other terms, to an id that no row had. @returns That id. */
function replace(
  connection: DatabaseSync,
  field: Field,
  id: number,
  terms: ReturnType<typeof analyze>,
): number {
  const last = connection.prepare("SELECT seq FROM sqlite_sequence WHERE name = ?").get(field);
  const next = Number(last?.["seq"]) + 1;
  connection
    .prepare(`UPDATE ${field} SET id = ?, length = ?, terms = ? WHERE id = ?`)
    .run(next, terms.length, packTerms(terms), id);
  connection.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = ?").run(next, field);
  connection.prepare("INSERT INTO dead(field, id) VALUES(?, ?)").run(field, id);
  return next;
}
