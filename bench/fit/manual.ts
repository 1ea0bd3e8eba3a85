import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { Database } from "../../src/database.ts";
import {
  type Candidate,
  candidateSentences,
  partsOf,
  readPassages,
  type ReadPassage,
} from "../../src/rag/answering/answer-candidates.ts";
import { AnswerOptions } from "../../src/rag/answering/answer-options.ts";
import { Question } from "../../src/rag/answering/question.ts";
import { supportOf } from "../../src/rag/answering/word-support.ts";
import type { createLocalOnnxEmbedder } from "../../src/rag/embedders/local-onnx.ts";
import { RetrieveOptions } from "../../src/rag/retrieval/retrieve-options.ts";
import { Retriever } from "../../src/rag/retrieval/retrieve.ts";
import { archiveSchema } from "../../src/rag/stores/sqlite-schema.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { SqliteChunkStore } from "../../src/rag/stores/sqlite.ts";

type LocalEmbedder = Awaited<ReturnType<typeof createLocalOnnxEmbedder>>;

/** What is read for a question before a sentence is chosen. */
export interface ReadForQuestion {
  readonly question: Question;
  readonly passages: readonly ReadPassage[];
  readonly candidates: readonly Candidate[];
}

/** As many passages as an answer is made from. */
const passageCount = 12;
const { maxPages } = AnswerOptions.parse({});

/** A manual's index, read for questions as the Answerer reads it, without its time limit. */
export class Manual implements Disposable {
  readonly #database: Database;
  readonly #store: SqliteChunkStore;
  readonly #retriever: Retriever;
  readonly #embedder: LocalEmbedder | undefined;

  /** @param folder Of its index. @param options.embedder Whose vectors it has. @param options.isWords Words alone are compared. */
  constructor(
    folder: string,
    { embedder, isWords }: { readonly embedder: LocalEmbedder; readonly isWords: boolean },
  ) {
    this.#database = new Database(join(folder, "forager.db"), { schema: [archiveSchema], isReadOnly: true });
    const archive = new SqliteArchive({ database: this.#database, embedder });
    this.#store = new SqliteChunkStore({ archive, database: this.#database });
    this.#embedder = isWords ? undefined : embedder;
    const deps = { store: this.#store, clock: systemClock, embedder: this.#embedder };
    this.#retriever = new Retriever(deps, RetrieveOptions.parse({}));
  }

  async readFor(query: string): Promise<ReadForQuestion> {
    const { hits } = await this.#retriever.retrieve(query, { limit: passageCount });
    const best = [...new Set(hits.map(({ chunk }) => chunk.documentId))].slice(0, maxPages);
    const documents = new Map((await this.#store.documents(best)).map((document) => [document.id, document]));
    const question = await Question.weigh(query, this.#store);
    const passages = readPassages(question, hits, documents);
    const embedder = this.#embedder;
    const supports =
      embedder &&
      (await supportOf(
        question.words,
        passages.map(partsOf),
        embedder.embedTokens.bind(embedder),
        AbortSignal.timeout(60_000),
      ));
    return { question, passages, candidates: candidateSentences(question, passages, supports) };
  }

  [Symbol.dispose](): void {
    this.#database[Symbol.dispose]();
  }
}
