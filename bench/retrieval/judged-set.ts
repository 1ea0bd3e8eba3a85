import { readFile } from "node:fs/promises";
import { z } from "zod";
import { normalizeUrl } from "../../src/browser/url.ts";
import { systemClock } from "../../src/clock.ts";
import { DataFolder } from "../../src/data-folder.ts";
import type { ChunkStore } from "../../src/rag/chunk-store.ts";
import type { Embedder } from "../../src/rag/embedder.ts";
import { DocumentNames } from "../../src/rag/evaluation/document-names.ts";
import { type JudgedQuery, readJudgedQueries } from "../../src/rag/evaluation/judged-query.ts";
import { type RankingScores, scoreRanking } from "../../src/rag/evaluation/ranking-metrics.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";
import { OrderedVectors } from "./partial-vectors.ts";

const Manual = z.object({
  questions: z.array(
    z.object({ id: z.string(), query: z.string(), kind: z.string(), pages: z.array(z.string()).default([]) }),
  ),
});

/** An index, and queries of which it is known what answers them. */
export class JudgedSet implements Disposable {
  readonly name: string;
  readonly store: ChunkStore;
  readonly vectors: OrderedVectors;
  /** Asks for each question's vector once. */
  readonly embedder: Embedder;
  readonly queries: readonly JudgedQuery[];
  readonly #folder: DataFolder;
  readonly #names: DocumentNames;

  private constructor(name: string, folder: DataFolder, queries: readonly JudgedQuery[], embedder: Embedder) {
    this.name = name;
    this.#folder = folder;
    const { archive, database } = folder;
    this.store = new SqliteChunkStore({ archive, database });
    this.queries = queries.filter(({ grades }) => grades.size > 0);
    this.#names = new DocumentNames(
      this.queries.flatMap(({ grades }) => [...grades.keys()]),
      keyOf,
    );
    for (const { url } of archive.documents()) this.#names.add(url);
    this.vectors = new OrderedVectors(database.path);
    this.embedder = this.vectors.embedder(embedder);
  }

  /** @param described `NAME=DATA_FOLDER:FILE`; the file is one of bench/questions, or what `forager evaluate --queries` takes. */
  static async open(described: string, embedder: Embedder): Promise<JudgedSet> {
    const [, name = "", path = "", file = ""] = /^([^=]+)=([^:]+):(.+)$/.exec(described) ?? [];
    const text = await readFile(file, "utf8");
    const queries = file.endsWith(".json")
      ? Manual.parse(JSON.parse(text)).questions.map((question): JudgedQuery => ({
          id: question.id,
          text: question.query,
          grades: new Map(question.pages.map((page) => [page, 1])),
        }))
      : readJudgedQueries({ path: file, text });
    return new JudgedSet(
      name,
      DataFolder.open(path, { isCreated: false, clock: systemClock, embedder }),
      queries,
      embedder,
    );
  }

  /** How good a ranking of URLs is for this query. */
  score(query: JudgedQuery, urls: readonly string[]): RankingScores {
    const { ranking, grades } = this.#names.align(urls, query.grades);
    const scores = scoreRanking(ranking, grades);
    if (!scores) throw new Error(`${this.name} ${query.id} has no relevant page`);
    return scores;
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }
}

function keyOf(url: string): string {
  const normalized = normalizeUrl(url);
  return normalized.kind === "url" ? normalized.key : url;
}
