import { availableParallelism } from "node:os";
import type { ChatModel } from "./agents/chat-model.ts";
import { Extractor } from "./agents/extractor.ts";
import { HostGuard } from "./agents/host-guard.ts";
import { GuardedModel } from "./agents/models/guarded-model.ts";
import { openLangChainModel } from "./agents/models/langchain.ts";
import { createCrawlPlanner } from "./agents/planner.ts";
import type { Finding } from "./agents/finding.ts";
import { type PageErrand, createPageResearcher } from "./agents/researcher.ts";
import { EgressGuard, systemResolve } from "./browser/egress-guard.ts";
import { type Attempt, FetchLadder } from "./browser/fetch-ladder.ts";
import { HostClock } from "./browser/host-clock.ts";
import { HostGate } from "./browser/host-gate.ts";
import type { Lessons } from "./browser/lessons.ts";
import { Robots } from "./browser/robots.ts";
import { Scope } from "./browser/scope.ts";
import { sitemapUrls } from "./browser/sitemaps.ts";
import { StoredSession } from "./browser/stored-session.ts";
import { TierMemory } from "./browser/tier-memory.ts";
import { tierNames, tiers } from "./browser/tiers/index.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Agent } from "./coordination/agent.ts";
import { type Employed, type EmployOptions, Workforce } from "./coordination/workforce.ts";
import type { DataFolder } from "./data-folder.ts";
import { MissingError, OptionsError } from "./errors.ts";
import type { EventStream } from "./events.ts";
import type { AddFloor } from "./jobs/add-documents.ts";
import type { CrawlFloor } from "./jobs/crawl-floor.ts";
import type { EmbedFloor } from "./jobs/embed.ts";
import type { Log } from "./log.ts";
import { EmbedBacklog } from "./rag/embed-backlog.ts";
import type { Embedder } from "./rag/embedder.ts";
import { embedders } from "./rag/embedders/index.ts";
import { light, QuestionFloors } from "./question-floors.ts";
import { SearchedStore } from "./searched-store.ts";

/** More reading threads than this wait for the main thread, which commits what they read. */
const mostReadThreads = 4;
/** However hard the machine is pressed, so many pages stay under way: one alone would wait for its host most of the time. */
const fewestPages = 2;

/** What the outside may hand in; everything else is made here. */
export interface AppDeps {
  readonly log: Log;
  readonly events: EventStream;
  /** In place of the configured one. */
  readonly embedder?: Embedder;
  /** In place of the configured one. */
  readonly model?: ChatModel;
  /** Put between every agent and its callers: to trace them, or to break them on purpose. */
  readonly wrapAgent?: <I, O>(agent: Agent<I, O>) => Agent<I, O>;
}

/** The composition root: makes adapters from the configuration, each when it is first needed, and closes what it made. */
export class App implements AsyncDisposable {
  readonly config: Config;
  readonly clock: Clock = systemClock;
  readonly guard = new EgressGuard({ resolve: systemResolve }, { allowedOrigins: [] });
  readonly #deps: AppDeps;
  readonly #made = new AsyncDisposableStack();
  readonly workforce: Workforce;
  /** Where passages are searched. */
  readonly searched: SearchedStore;
  /** What searching and answering stand on. */
  readonly questions: QuestionFloors;
  #embedder: Promise<Embedder | undefined> | undefined;
  #model: Promise<ChatModel | undefined> | undefined;

  constructor(config: Config, deps: AppDeps) {
    this.config = config;
    this.#deps = deps;
    const { log, events } = deps;
    this.searched = this.#made.use(
      new SearchedStore(config, { clock: this.clock, events, log, embedder: () => this.embedder() }),
    );
    this.workforce = this.#made.use(new Workforce({ clock: this.clock, events, log }));
    this.questions = this.#made.use(
      new QuestionFloors(config, {
        clock: this.clock,
        events,
        log,
        searched: this.searched,
        locks: this.workforce.locks,
        embedder: () => this.embedder(),
        model: () => this.#chatModel(),
        employ: (agent, options) => this.#employ(agent, options),
      }),
    );
  }

  /** The embedder, or undefined where searching goes by words alone. */
  embedder(): Promise<Embedder | undefined> {
    this.#embedder ??= this.#makeEmbedder();
    return this.#embedder;
  }

  /**
   * Agents that bring pages: ladder, tiers and reading threads of their own; the caller closes them.
   * @param options.isIndexed Whether pages are also cut into passages; else their HTML is kept.
   */
  async openPages(options: {
    readonly size: number;
    readonly timeoutMs: number;
    readonly isIndexed: boolean;
    readonly useRobots: boolean;
  }): Promise<Pages> {
    const { config, clock, guard } = this;
    const session = config.storageState === "" ? undefined : await StoredSession.read(config.storageState);
    const { log, events } = this.#deps;
    const made = new AsyncDisposableStack();
    const wanted = tierNames.filter((name) => config.tier === undefined || name === config.tier);
    const chosen = wanted.map((name) => made.use(tiers[name]({ guard, clock, log, session }, config)));
    // robots.txt and sitemaps are plain files, whatever tier the pages need.
    const http =
      chosen.find((tier) => tier.name === "http") ??
      made.use(tiers.http({ guard, clock, log, session }, config));
    const hostClock = new HostClock({ clock }, config.politeness);
    const robots = made.use(
      new Robots(
        { tier: http, clock, hostClock },
        { userAgent: config.http.userAgent, isObeyed: options.useRobots },
      ),
    );
    const gate = new HostGate({ guard, robots, hostClock, clock });
    const onAttempt = (url: string, { tier, verdict, ms }: Attempt) =>
      events.emit({ type: "tier-tried", url, tier, verdict, ms });
    const memory = new TierMemory();
    const ladder = new FetchLadder({ tiers: chosen, guard, robots, hostClock, clock, memory, onAttempt });
    const threads = config.readThreads || Math.min(mostReadThreads, Math.max(1, availableParallelism() - 1));
    const extractor = made.use(
      new Extractor(
        { log },
        { threads, read: config.read, ...(options.isIndexed ? { chunk: config.chunk } : {}) },
      ),
    );
    const { size, timeoutMs } = options;
    // A page's bytes go from one to the other by a plain call; messages carry references.
    const extractors = made.use(this.#employ(extractor, { size, timeoutMs })).pool;
    const hosts = new HostGuard({ clock, events });
    const demand = { waiting: 0 };
    const researcher = made.use(
      this.#employ(createPageResearcher({ ladder, extractor: extractors, hosts }), {
        size,
        min: Math.min(fewestPages, size),
        max: size,
        timeoutMs,
        waiting: () => demand.waiting,
        facesHosts: true,
      }),
    );
    return {
      planner: made.use(this.#employ(createCrawlPlanner(), light)),
      researcher,
      demand,
      sitemapUrls: (origin, context) => sitemapUrls({ tier: http, robots, gate }, origin, context),
      lessons: [memory, hostClock],
      [Symbol.asyncDispose]: () => made.disposeAsync(),
    };
  }

  /** What a crawl stands on. */
  async crawlFloor(
    folder: DataFolder,
    pages: Pages,
    options: { readonly isEmbedded: boolean },
  ): Promise<CrawlFloor> {
    const embedder = options.isEmbedded ? await this.embedder() : undefined;
    return {
      database: folder.database,
      archive: folder.archive,
      coordination: folder.coordination,
      planner: pages.planner,
      researcher: pages.researcher,
      hands: () => pages.researcher.pool.size,
      demand: pages.demand,
      locks: this.workforce.locks,
      backlog: embedder && this.#backlog(folder, embedder),
      feed: await this.searched.feed(folder),
      scope: (seeds, { include, exclude }) => new Scope({ seeds, include, exclude }),
      sitemapUrls: pages.sitemapUrls,
      lessons: pages.lessons,
      events: this.#deps.events,
      clock: this.clock,
      log: this.#deps.log,
    };
  }

  /** What adding documents stands on; a thread that reads HTML is started when there is some. */
  async addFloor({ database, archive }: DataFolder): Promise<AddFloor & AsyncDisposable> {
    const { read, chunk } = this.config;
    const embedder = await this.embedder();
    const made = new AsyncDisposableStack();
    let extractor: Extractor | undefined;
    return {
      database,
      archive,
      extractor: () => (extractor ??= made.use(new Extractor({ log: this.#deps.log }, { threads: 1, read }))),
      embedder,
      read,
      chunk,
      events: this.#deps.events,
      clock: this.clock,
      [Symbol.asyncDispose]: () => made.disposeAsync(),
    };
  }

  /**
   * What embedding stands on.
   * @throws {OptionsError} Where there is to be no embedder. @throws {MissingError} Where it cannot run.
   */
  async embedFloor(folder: DataFolder): Promise<EmbedFloor> {
    const embedder = await this.embedder();
    const { embedder: name } = this.config;
    if (!embedder && name === "none")
      throw new OptionsError("embed", "the configuration says embedder: none");
    if (!embedder) throw new MissingError(`The ${name} embedder cannot run here.`, "See: forager doctor");
    return {
      archive: folder.archive,
      backlog: this.#backlog(folder, embedder),
      feed: await this.searched.feed(folder),
      events: this.#deps.events,
      clock: this.clock,
    };
  }

  /** What the user names may be on a private address: that origin, and no other. */
  allow(urls: readonly string[]): void {
    for (const url of urls) {
      const origin = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `https://${url}`)?.origin;
      if (origin && origin !== "null") this.guard.allow(origin);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#made.disposeAsync();
  }

  /** What is still to be embedded, and how it gets done. */
  #backlog(folder: DataFolder, embedder: Embedder): EmbedBacklog {
    const { database, archive } = folder;
    return new EmbedBacklog({
      archive,
      embedder,
      write: (work) => database.write(work),
      events: this.#deps.events,
      clock: this.clock,
    });
  }

  #employ<I, O>(agent: Agent<I, O>, options: EmployOptions): Employed<I, O> {
    return this.workforce.employ(this.#deps.wrapAgent?.(agent) ?? agent, options);
  }

  async #makeEmbedder(): Promise<Embedder | undefined> {
    const { config } = this;
    if (this.#deps.embedder) return this.#deps.embedder; // the caller's own, and the caller's to close
    if (config.embedder === "none") return undefined;
    const options = config.embedder === "langchain" ? config.langchainEmbedder : config.localOnnx;
    try {
      return this.#made.use(await embedders[config.embedder]({ log: this.#deps.log }, options));
    } catch (error) {
      if (!(error instanceof MissingError)) throw error;
      this.#deps.log.warn("searching goes by words alone", { why: error.message });
      return undefined;
    }
  }

  #chatModel(): Promise<ChatModel | undefined> {
    this.#model ??= this.#openModel();
    return this.#model;
  }

  async #openModel(): Promise<ChatModel | undefined> {
    const { model } = this.config;
    const opened = this.#deps.model ?? (model === "" ? undefined : await openLangChainModel(model));
    return opened && new GuardedModel(opened, { clock: this.clock, events: this.#deps.events });
  }
}

/** Agents that bring pages, and where sites list theirs. */
export interface Pages extends AsyncDisposable {
  readonly planner: CrawlFloor["planner"];
  readonly researcher: Employed<PageErrand, Finding>;
  /** How many URLs wait for them, as far as whoever sends them knows. */
  readonly demand: CrawlFloor["demand"];
  readonly sitemapUrls: CrawlFloor["sitemapUrls"];
  /** What they learn about sites, to be kept for the next time. */
  readonly lessons: readonly Lessons[];
}
