import PQueue from "p-queue";
import type { WrittenAnswer } from "./agents/written-answer.ts";
import { App, type AppDeps } from "./app.ts";
import { type Config, type ConfigInput, resolveConfig } from "./config.ts";
import { type RunContext, rootContext } from "./context.ts";
import type { DataFolder } from "./data-folder.ts";
import type { PageDocument } from "./document.ts";
import { EventStream } from "./events.ts";
import { HeldFolder } from "./held-folder.ts";
import { type Job, startJob } from "./job.ts";
import type { Filter } from "./rag/filter.ts";
import { type AddOptions, type AddSummary, addDocuments } from "./jobs/add-documents.ts";
import { type AskOptions, ask } from "./jobs/ask.ts";
import { type CrawlOptionsInput, completeCrawlOptions } from "./jobs/crawl-options.ts";
import type { CrawlSummary } from "./jobs/crawl-summary.ts";
import { crawl, crawlSoFar } from "./jobs/crawl.ts";
import {
  type DeadLetter,
  type DeadLetterFloor,
  listDeadLetters,
  purgeDeadLetters,
  replayDeadLetters,
  showDeadLetter,
} from "./jobs/dead-letters.ts";
import { type Check, examine } from "./jobs/doctor.ts";
import { type EmbedSummary, embed } from "./jobs/embed.ts";
import type { CalibrateOptions } from "./jobs/calibration-floor.ts";
import { type CalibrationReport, calibrate } from "./jobs/calibrate.ts";
import { type EvaluateOptions, evaluate } from "./jobs/evaluate.ts";
import { type ExportKind, exportRecords } from "./jobs/export.ts";
import type { GivenDocument } from "./jobs/given-document.ts";
import { checkAsk, checkSearch, checkVectorSearch } from "./jobs/question-options.ts";
import { type ScrapeFormat, type ScrapedPage, scrape } from "./jobs/scrape.ts";
import { type VectorHit, searchVector } from "./jobs/search-vector.ts";
import { type SearchResult, search } from "./jobs/search.ts";
import { type SelfTest, selftest } from "./jobs/selftest.ts";
import { type Status, describeStatus } from "./jobs/status.ts";
import { silentLog } from "./log.ts";
import { type MigrateSummary, migrateToRemote } from "./jobs/migrate.ts";
import { migrateFromRemote } from "./jobs/migrate-back.ts";
import type { JudgedQuery } from "./rag/evaluation/judged-query.ts";
import type { EvaluationReport } from "./rag/evaluation/report.ts";
import type { StoreName } from "./rag/stores/index.ts";

/** Options of the whole; each has a default. `configFile` names a JSON file with more of them. */
export type ForagerOptions = { readonly [Name in keyof ConfigInput]?: ConfigInput[Name] | undefined } & {
  readonly configFile?: string | undefined;
};

/**
 * Opens Forager. Nothing is fetched, loaded or written before it is asked for.
 * @throws {OptionsError} Naming every option that is wrong.
 */
export function createForager(options: ForagerOptions = {}, deps: Partial<AppDeps> = {}): Forager {
  const { configFile, ...given } = options;
  const config = resolveConfig(given, {
    ...(configFile === undefined ? {} : { file: configFile }),
    environment: process.env,
  });
  return new Forager(config, {
    ...deps,
    log: deps.log ?? silentLog,
    events: deps.events ?? new EventStream(),
  });
}

/** The library: crawl and index, scrape, search, ask, export. Close it with `await using` or `close()`. */
export class Forager implements AsyncDisposable {
  readonly config: Config;
  /** Everything that happens, of every job. */
  readonly events: EventStream;
  readonly #app: App;
  readonly #folder: HeldFolder;
  readonly #made = new AsyncDisposableStack();
  /** Documents are added and removed one call after the other: a folder has one owner at a time. */
  readonly #turns = new PQueue({ concurrency: 1 });

  constructor(config: Config, deps: AppDeps) {
    this.config = config;
    this.events = deps.events;
    this.#app = new App(config, deps);
    this.#folder = new HeldFolder(config.dataDir, this.#app);
    // Closed the other way round.
    this.#made.use(this.#folder);
    this.#made.use(this.#app);
  }

  /**
   * Crawls from `seeds` and indexes what it finds; on a folder that holds an interrupted crawl of the same seeds it goes on with that.
   * Await it for the summary, iterate over it for events. Its rejection on abort is the signal's own reason.
   */
  crawl(
    seeds: string | readonly string[],
    options: CrawlOptionsInput = {},
    signal?: AbortSignal,
  ): Job<CrawlSummary> {
    const parsed = completeCrawlOptions(this.config.crawl, options);
    const list = typeof seeds === "string" ? [seeds] : seeds;
    const startedAt = Date.now();
    return startJob(
      this.events,
      async () => {
        const folder = await this.#folder.open({ isCreated: true });
        await using lease = folder.own();
        this.#app.allow(list);
        await using pages = await this.#app.openPages({
          size: parsed.concurrency,
          timeoutMs: parsed.pageTimeoutMs,
          isIndexed: true,
          useRobots: parsed.useRobots,
        });
        const context = this.#context("crawl", signal, lease.lost);
        await using _ = await this.#app.workforce.serve(folder.coordination, context);
        const isEmbedded = parsed.embed === "lead" || parsed.embed === "all";
        const floor = await this.#app.crawlFloor(folder, pages, { isEmbedded });
        return await crawl(floor, list, parsed, context);
      },
      () => this.#folder.opened && crawlSoFar(this.#folder.opened, this.#app.clock, list, startedAt),
    );
  }

  /**
   * Indexes documents that were not crawled: texts, Markdown or HTML under a URL or an id of your own, with vectors.
   * Adding one again replaces it. Rejects while a crawl owns the folder.
   * @throws {OptionsError} Naming the first document that cannot be used; nothing was stored then.
   */
  add(
    documents: readonly GivenDocument[],
    options: AddOptions = {},
    signal?: AbortSignal,
  ): Promise<AddSummary> {
    return this.#turns.add(async () => {
      const folder = await this.#folder.open({ isCreated: true });
      await using lease = folder.own();
      await using floor = await this.#app.addFloor(folder);
      const context = this.#context("add", signal, lease.lost);
      const summary = await addDocuments(floor, documents, options, context);
      await (await this.#app.searched.feed(folder))?.catchUp(context.signal);
      return summary;
    });
  }

  /** Takes documents and pages out of the index, by the address they are known by. @returns How many were there. */
  remove(urls: readonly string[]): Promise<number> {
    return this.#turns.add(() =>
      this.#folder.change(async (folder) => {
        const { database, archive } = folder;
        const count = await database.write(() => urls.filter((url) => archive.deleteDocument(url)).length);
        await (await this.#app.searched.feed(folder))?.catchUp();
        return count;
      }),
    );
  }

  /** Gets pages and reads them without indexing, each as soon as it and those before it are there. */
  async *scrape(
    urls: string | readonly string[],
    options: { readonly format?: ScrapeFormat; readonly pageTimeoutMs?: number | undefined } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<ScrapedPage> {
    const list = typeof urls === "string" ? [urls] : urls;
    const pageTimeoutMs = options.pageTimeoutMs ?? this.config.crawl.pageTimeoutMs;
    this.#app.allow(list);
    const { concurrency, useRobots } = this.config.crawl;
    await using pages = await this.#app.openPages({
      size: concurrency,
      timeoutMs: pageTimeoutMs,
      isIndexed: false,
      useRobots,
    });
    yield* scrape(
      { researcher: pages.researcher },
      list,
      { format: options.format ?? "markdown", pageTimeoutMs },
      this.#context("scrape", signal),
    );
  }

  /** Gives passages their vectors, the most useful first, until all have one or `forMs` is over. */
  embed(
    options: { readonly onlyLead?: boolean; readonly forMs?: number } = {},
    signal?: AbortSignal,
  ): Job<EmbedSummary> {
    return startJob(this.events, async () => {
      const folder = await this.#folder.open({ isCreated: false });
      await using lease = folder.own();
      const floor = await this.#app.embedFloor(folder);
      const context = this.#context("embed", signal, lease.lost);
      await using _ = await this.#app.workforce.serve(folder.coordination, context);
      return await embed(floor, options, context);
    });
  }

  /** Ranked passages for a query. @throws {OptionsError} Naming what of it cannot be used. */
  async search(
    query: string,
    options: {
      readonly limit?: number;
      readonly filter?: Filter | undefined;
      readonly embedBudgetMs?: number;
    } = {},
    signal?: AbortSignal,
  ): Promise<SearchResult> {
    const { limit = 10, embedBudgetMs, filter } = options;
    checkSearch({ query, limit, embedBudgetMs, filter });
    const context = this.#context("search", signal);
    return await this.#app.questions.answering(
      await this.#folderToSearch(),
      { embedBudgetMs },
      context,
      (floor) => search(floor, query, { limit, filter }, context),
    );
  }

  /** The passages nearest to a vector of this index's embedder. For a question in words, {@link search} finds more. */
  async searchVector(
    vector: ArrayLike<number>,
    options: { readonly limit?: number; readonly filter?: Filter | undefined } = {},
    signal?: AbortSignal,
  ): Promise<VectorHit[]> {
    const { limit = 10, filter } = options;
    checkVectorSearch({ limit, filter });
    const embedder = await this.#app.embedder();
    return await this.#app.searched.search(
      await this.#folderToSearch(),
      this.#context("search", signal),
      ({ store, isWordsOnly }) =>
        searchVector(
          { store, embedder: isWordsOnly ? undefined : embedder },
          vector,
          { limit, filter },
          signal,
        ),
    );
  }

  /** What the index keeps under an address; undefined when it has nothing there. */
  async document(url: string): Promise<PageDocument | undefined> {
    const context = this.#context("document");
    const found = await this.#app.searched.search(await this.#folderToSearch(), context, ({ store }) =>
      store.document(url),
    );
    return found?.document;
  }

  /**
   * An answer from the index with its quotes, or an honest "not found". Await it whole, or iterate over its events: each
   * sentence is one (`answer-sentence`) as soon as quotes bear it out.
   * @throws {OptionsError} Naming what of the question cannot be used.
   */
  ask(question: string, options: AskOptions = {}, signal?: AbortSignal): Job<WrittenAnswer> {
    // Of this question alone, whatever else is asked at the same time.
    const events = new EventStream();
    events.subscribe((event) => this.events.emit(event));
    return startJob(events, async () => {
      checkAsk({ question, ...options });
      const context = this.#context("ask", signal);
      return await this.#app.questions.answering(await this.#folderToSearch(), {}, context, (floor) =>
        ask({ ...floor, events }, question, options, context),
      );
    });
  }

  /** How good search and answers are, on questions of which the answers are known. */
  async evaluate(
    queries: readonly JudgedQuery[],
    options: EvaluateOptions,
    signal?: AbortSignal,
  ): Promise<EvaluationReport> {
    await using floor = await this.#app.questions.evaluationFloor(await this.#folderToSearch());
    return await evaluate(floor, queries, options, this.#context("evaluate", signal));
  }

  /** Measures on this index what meaning is worth beside words, and how far answers are to be believed; what it finds is used from then on. */
  async calibrate(options: CalibrateOptions, signal?: AbortSignal): Promise<CalibrationReport> {
    const folder = await this.#folder.open({ isCreated: false });
    await using lease = folder.own();
    await using floor = await this.#app.questions.calibrationFloor(folder);
    return await calibrate(floor, options, this.#context("calibrate", signal, lease.lost));
  }

  /**
   * Makes Qdrant hold what the data folder holds, or the other way round; no passage is embedded again.
   * @param options.rebuild Makes a new index in Qdrant beside the old one and switches over when it is whole.
   */
  async migrate(
    options: { readonly to: StoreName; readonly rebuild?: boolean },
    signal?: AbortSignal,
  ): Promise<MigrateSummary> {
    const isHere = options.to === "sqlite";
    const folder = await this.#folder.open({ isCreated: isHere });
    await using lease = folder.own();
    const floor = await this.#app.searched.migrationFloor(folder);
    const context = this.#context("migrate", signal, lease.lost);
    return isHere
      ? await migrateFromRemote(floor, context)
      : await migrateToRemote(floor, { isRebuilt: options.rebuild ?? false }, context);
  }

  /** Everything the index holds, a record at a time. */
  async *export(
    options: { readonly kind?: ExportKind; readonly includeFailed?: boolean } = {},
  ): AsyncGenerator<Record<string, unknown>> {
    const { archive, coordination } = await this.#folder.open({ isCreated: false });
    yield* exportRecords(
      { archive, frontier: coordination.frontier },
      { kind: options.kind ?? "documents", includeFailed: options.includeFailed ?? false },
    );
  }

  /** What the data folder holds, and who works on it. */
  async status(): Promise<Status> {
    const folder = await this.#folder.open({ isCreated: false });
    return await describeStatus(folder, await this.#app.searched.describe(folder), this.#app.clock);
  }

  /** Pages and tasks that were given up, each with its reason, the oldest first. */
  async *deadLetters(): AsyncGenerator<DeadLetter> {
    yield* listDeadLetters(await this.#folder.open({ isCreated: false }));
  }

  /** One of {@link deadLetters}. @throws {OptionsError} When there is none with this id. */
  async deadLetter(id: string): Promise<DeadLetter> {
    return showDeadLetter(await this.#folder.open({ isCreated: false }), id);
  }

  /** Gives dead letters another chance; pages are fetched by the next crawl of the same seeds. @param ids All when left out. @returns How many. */
  replay(ids?: readonly string[]): Promise<number> {
    return this.#folder.change((folder) => replayDeadLetters(this.#deadLetterFloor(folder), ids));
  }

  /** Stops keeping dead letters. @param ids All when left out. @returns How many. */
  purge(ids?: readonly string[]): Promise<number> {
    return this.#folder.change((folder) => purgeDeadLetters(this.#deadLetterFloor(folder), ids));
  }

  /** Checks what Forager needs on this machine. */
  doctor(signal?: AbortSignal): Promise<Check[]> {
    const { dataDir, headless, localOnnx } = this.config;
    const floor = {
      clock: this.#app.clock,
      dataDir,
      chromiumPath: headless.chromiumPath,
      modelFolder: localOnnx.modelFolder,
      isEmbedderWanted: this.config.embedder !== "none",
      embedder: () => this.#app.embedder(),
      searchedStore: (own: AbortSignal) => this.#app.searched.examine(() => this.#folderToSearch(), own),
    };
    return examine(floor, this.#context("doctor", signal));
  }

  /**
   * Tries agents' messages, tasks, recovery and parallel plans out with made-up work, and measures them: some seven
   * seconds, twenty at most. The data folder is not touched.
   */
  selftest(
    options: { readonly onPhase?: (name: string) => void } = {},
    signal?: AbortSignal,
  ): Promise<SelfTest> {
    return selftest(this.#context("selftest", signal), options.onPhase);
  }

  /** Forgets everything the data folder holds. @throws {StoreError} When another process is using it. */
  forget(): Promise<void> {
    return this.#folder.empty();
  }

  close(): Promise<void> {
    return this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made.disposeAsync();
  }

  #deadLetterFloor({ database, coordination }: DataFolder): DeadLetterFloor {
    return { database, coordination, clock: this.#app.clock };
  }

  /** A machine without a data folder may search a store elsewhere. */
  async #folderToSearch(): Promise<DataFolder | undefined> {
    const isElsewhere = this.#app.searched.isRemote && !this.#folder.isThere;
    return isElsewhere ? undefined : await this.#folder.open({ isCreated: false });
  }

  /** A job's context: it ends when its caller says so, or when the folder has passed to another process. */
  #context(trace: string, ...signals: readonly (AbortSignal | undefined)[]): RunContext {
    return rootContext(trace, AbortSignal.any(signals.filter((signal) => signal !== undefined)));
  }
}
