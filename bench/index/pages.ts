import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import read, { type IndexedPage } from "../../src/agents/reader-thread.ts";
import { ReadOptions } from "../../src/content/read-options.ts";
import type { FetchedPage } from "../../src/document.ts";
import { ChunkOptions } from "../../src/rag/chunking/chunk-options.ts";
import { searchableText } from "../../src/rag/text/searchable-text.ts";
import { unpackText } from "../../src/rag/packed-document.ts";

/** What every process of a run is told. */
export const { values } = parseArgs({
  options: {
    folder: { type: "string", default: "/usr/share/doc/python3-doc/html" },
    pages: { type: "string", default: "25" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "3" },
    texts: { type: "string", default: "" },
    way: { type: "string", default: "" },
  },
});

/** The first so many pages of the folder, as they would be fetched. */
export function fetchedPages(): FetchedPage[] {
  const names = globSync("**/*.html", { cwd: values.folder }).sort().slice(0, Number(values.pages));
  return names.map((name) => {
    const path = join(values.folder, name);
    const url = `https://bench.example${pathToFileURL(`/${name}`).pathname}`;
    const body = readFileSync(path);
    return {
      requestedUrl: url,
      finalUrl: url,
      httpStatus: 200,
      headers: { "content-type": "text/html" },
      body,
      wireBytes: body.length,
      tier: "http",
      rendered: false,
      fetchedAt: 0,
    };
  });
}

/** As the reading thread of a crawl does it; undefined where the page is not one to index. */
export async function readOne(page: FetchedPage): Promise<IndexedPage | undefined> {
  const { indexed } = await read({ page, read: ReadOptions.parse({}), chunk: ChunkOptions.parse({}) });
  return indexed;
}

/** What is embedded of these pages, each text once. */
export async function textsOfPages(): Promise<string[]> {
  const texts = new Map<string, string>();
  for (const page of fetchedPages()) {
    const indexed = await readOne(page);
    if (!indexed) continue;
    const text = unpackText(indexed.document.text);
    for (const { hash, headingPath, start, end } of indexed.chunks) {
      texts.set(hash, searchableText(headingPath, text.slice(start, end)));
    }
  }
  return [...texts.values()];
}
