import { createAnswerExtractor } from "./agents/answer-extractor.ts";
import type { ChatModel } from "./agents/chat-model.ts";
import { createAnswerValidator } from "./agents/ground-answer.ts";
import { createQuestionPlanner } from "./agents/question-planner.ts";
import { createIndexResearcher } from "./agents/researcher.ts";
import type { Clock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { RunContext } from "./context.ts";
import type { Agent } from "./coordination/agent.ts";
import { openCoordination } from "./coordination/index.ts";
import type { NamedLocks } from "./coordination/plans/admission.ts";
import type { Employed, EmployOptions } from "./coordination/workforce.ts";
import type { DataFolder } from "./data-folder.ts";
import { MissingError } from "./errors.ts";
import type { EventStream } from "./events.ts";
import { ask, type AskFloor } from "./jobs/ask.ts";
import type { CalibrationFloor } from "./jobs/calibration-floor.ts";
import type { EvaluationFloor } from "./jobs/evaluate.ts";
import { evaluationFloor } from "./jobs/evaluation-floor.ts";
import type { Log } from "./log.ts";
import { Answerer } from "./rag/answering/answer.ts";
import { type Calibration, readCalibration } from "./rag/calibration/calibration.ts";
import { calibrated } from "./rag/calibration/confidence-curve.ts";
import type { ChunkStore } from "./rag/chunk-store.ts";
import type { Embedder } from "./rag/embedder.ts";
import { fusionHere } from "./rag/retrieval/fusion-place.ts";
import type { Reranker } from "./rag/reranker.ts";
import { createOnnxCrossEncoder } from "./rag/rerankers/onnx-cross-encoder.ts";
import type { RetrieveOptions } from "./rag/retrieval/retrieve-options.ts";
import { Retriever, type RetrieverDeps } from "./rag/retrieval/retrieve.ts";
import type { OpenedStore, SearchedStore } from "./searched-store.ts";

/** Where what was measured on an index is kept. */
const calibrationKey = "calibration";
/** Pools of agents that think a little and wait for little. */
export const light: EmployOptions = { size: 64, timeoutMs: 300_000 };

/** What is shared with the rest of the application; none of it is closed here. */
export interface QuestionDeps {
  readonly clock: Clock;
  readonly events: EventStream;
  readonly log: Log;
  readonly searched: SearchedStore;
  readonly locks: NamedLocks;
  readonly embedder: () => Promise<Embedder | undefined>;
  readonly model: () => Promise<ChatModel | undefined>;
  readonly employ: <I, O>(agent: Agent<I, O>, options: EmployOptions) => Employed<I, O>;
}

/** Puts together what questions are answered with, and what that is judged and measured with. */
export class QuestionFloors implements AsyncDisposable {
  readonly #config: Config;
  readonly #deps: QuestionDeps;
  readonly #made = new AsyncDisposableStack();
  #rerankerMade: Promise<Reranker | undefined> | undefined;

  constructor(config: Config, deps: QuestionDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  /**
   * What judging search and answers stands on.
   * @param folder Absent where this machine has none, and the searched store stands alone.
   */
  async evaluationFloor(folder: DataFolder | undefined): Promise<EvaluationFloor & AsyncDisposable> {
    const opened = await this.#deps.searched.open(folder);
    const askFloor = await this.#askFloor(folder, opened, { embedBudgetMs: 0 });
    const { deps: retriever } = await this.#retrieving(folder, opened);
    const pages = () => opened.store.urls();
    return {
      ...evaluationFloor({ retriever, askFloor, pages }, this.#retrieveOptions(opened.store)),
      [Symbol.asyncDispose]: () => askFloor[Symbol.asyncDispose](),
    };
  }

  /**
   * Does `work` on what searching and answering stand on, as {@link SearchedStore.search} does.
   * @param folder Absent where this machine has none, and the searched store stands alone.
   * @param options.embedBudgetMs In place of the configured one.
   */
  async answering<T>(
    folder: DataFolder | undefined,
    options: { readonly embedBudgetMs?: number | undefined },
    context: RunContext,
    work: (floor: AskFloor) => Promise<T>,
  ): Promise<T> {
    return await this.#deps.searched.search(folder, context, async (opened) => {
      await using floor = await this.#askFloor(folder, opened, options);
      return await work(floor);
    });
  }

  /** @param options.isUncorrected Whether answers state their confidence as it is without a calibration. */
  async #askFloor(
    folder: DataFolder | undefined,
    opened: OpenedStore,
    options: { readonly embedBudgetMs?: number | undefined; readonly isUncorrected?: boolean },
  ): Promise<AskFloor & AsyncDisposable> {
    const { store, notes } = opened;
    const model = await this.#deps.model();
    const { deps, calibration } = await this.#retrieving(folder, opened);
    const embedder = await this.#deps.embedder();
    const { embedBudgetMs = this.#config.retrieve.embedBudgetMs } = options;
    const retriever = new Retriever(deps, { ...this.#retrieveOptions(store), embedBudgetMs });
    const curve = options.isUncorrected ? undefined : calibration?.confidence;
    const correct = curve && ((confidence: number) => calibrated(curve, confidence));
    const answerer = new Answerer({ store, embedder, correct }, this.#config.answer);
    const made = new AsyncDisposableStack();
    const { log } = this.#deps;
    return {
      planner: made.use(this.#deps.employ(createQuestionPlanner({ model, log }), light)),
      researcher: made.use(this.#deps.employ(createIndexResearcher({ retriever, notes }), light)),
      extractor: made.use(this.#deps.employ(createAnswerExtractor({ answerer, store, model, log }), light)),
      validator: made.use(this.#deps.employ(createAnswerValidator({ store }), light)),
      isReasoning: model !== undefined,
      openWorkspace: () => openCoordination({ clock: this.#deps.clock }),
      locks: this.#deps.locks,
      clock: this.#deps.clock,
      events: this.#deps.events,
      [Symbol.asyncDispose]: () => made.disposeAsync(),
    };
  }

  /** What measuring an index stands on; the folder is the caller's. */
  async calibrationFloor(folder: DataFolder): Promise<CalibrationFloor & AsyncDisposable> {
    const embedder = await this.#deps.embedder();
    if (!embedder)
      throw new MissingError("Without an embedder there is nothing to weigh.", "See: forager doctor");
    const opened = await this.#deps.searched.open(folder);
    const askFloor = await this.#askFloor(folder, opened, { embedBudgetMs: 0, isUncorrected: true });
    return {
      archive: folder.archive,
      store: opened.store,
      embedder,
      reranker: await this.#reranker(),
      clock: this.#deps.clock,
      retrieve: this.#config.retrieve,
      ask: (question, context) => ask(askFloor, question, {}, context),
      keep: (calibration) => folder.coordination.memory.put(calibrationKey, calibration),
      [Symbol.asyncDispose]: () => askFloor[Symbol.asyncDispose](),
    };
  }

  /** In Qdrant's place the data folder does not fuse: what is asked of Qdrant is done here. */
  #retrieveOptions(store: ChunkStore): RetrieveOptions {
    const { retrieve } = this.#config;
    const isInPlace = this.#deps.searched.isRemote && !store.searchFused;
    return isInPlace ? { ...retrieve, fusion: fusionHere(retrieve.fusion) } : retrieve;
  }

  /** What passages are found with, and what was measured on the index. */
  async #retrieving(
    folder: DataFolder | undefined,
    { store, isWordsOnly }: OpenedStore,
  ): Promise<{ readonly deps: RetrieverDeps; readonly calibration: Calibration | undefined }> {
    const embedder = isWordsOnly ? undefined : await this.#deps.embedder();
    const calibration = await this.#calibration(folder, embedder);
    const deps: RetrieverDeps = {
      store,
      embedder,
      reranker: await this.#reranker(),
      clock: this.#deps.clock,
      calibration: () => calibration,
      keep:
        folder && !folder.database.isReadOnly
          ? (vectors) => folder.database.write(() => folder.archive.putVectors(vectors))
          : undefined,
    };
    return { deps, calibration };
  }

  /** What was measured on this index with this embedder. */
  async #calibration(
    folder: DataFolder | undefined,
    embedder: Embedder | undefined,
  ): Promise<Calibration | undefined> {
    const kept = await folder?.coordination.memory.get(calibrationKey);
    return readCalibration(kept?.value, embedder?.id);
  }

  #reranker(): Promise<Reranker | undefined> {
    this.#rerankerMade ??= this.#makeReranker();
    return this.#rerankerMade;
  }

  async #makeReranker(): Promise<Reranker | undefined> {
    const { reranker } = this.#config;
    if (reranker.modelFolder === "") return undefined;
    return this.#made.use(await createOnnxCrossEncoder({ log: this.#deps.log }, reranker));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made.disposeAsync();
  }
}
