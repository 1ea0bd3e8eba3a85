import { availableParallelism } from "node:os";
import PQueue from "p-queue";
import type { BrowserContextOptions, Route } from "playwright";
import type { Clock } from "../../clock.ts";
import { childContext, type RunContext } from "../../context.ts";
import { MissingError, OptionsError, TimeoutError, messageOf } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { unlessAborted } from "../../deadline.ts";
import { PageFailure, PageGoneError } from "../browser-failure.ts";
import { BrowserHome } from "../browser-home.ts";
import type { Tab, TabPool } from "../browser-pool.ts";
import { visit, type Visited } from "../browser-visit.ts";
import { PageWatch } from "../browser-watch.ts";
import { chromiumRemedy, findChromium } from "../chromium.ts";
import type { EgressGuard } from "../egress-guard.ts";
import { EgressProxy, type EgressPass } from "../egress-proxy.ts";
import type { StoredSession } from "../stored-session.ts";
import type { FetchOutcome, FetchRequest, FetchTier, NoPage } from "../fetch-tier.ts";
import type { HeadlessOptions } from "../headless-options.ts";

/** A browser without a window: runs a page's scripts and gives the HTML that they made. No images, media or fonts. */
export class HeadlessTier implements FetchTier {
  readonly name = "headless";
  readonly cost = 60;
  readonly isRendering = true;
  readonly #guard: EgressGuard;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: HeadlessOptions;
  readonly #queue: PQueue;
  readonly #session: StoredSession | undefined;
  #machinery: Promise<Machinery> | undefined;
  #isDisposed = false;

  constructor(
    deps: {
      readonly guard: EgressGuard;
      readonly clock: Clock;
      readonly log: Log;
      readonly session?: StoredSession | undefined;
    },
    options: HeadlessOptions,
  ) {
    this.#session = deps.session;
    this.#guard = deps.guard;
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#options = options;
    this.#queue = new PQueue({ concurrency: options.maxTabs || 2 * availableParallelism() });
  }

  async fetch(request: FetchRequest, context: RunContext): Promise<FetchOutcome> {
    context.signal.throwIfAborted();
    const startedAt = this.#clock.now();
    // Ends a little before the caller's own deadline, so that the caller hears why.
    const left = Math.max(0, context.deadlineAt - startedAt - headStartMs);
    const timeoutMs = Math.min(left, this.#options.fetchTimeoutMs);
    using own = childContext(
      context,
      timeoutMs,
      context.trace,
      () => new TimeoutError(request.url, timeoutMs),
    );
    try {
      return await this.#fetchOnce(request, own);
    } catch (error) {
      if (!(error instanceof PageGoneError)) return outcomeOf(error, request, context);
    }
    // The browser went down under this page, perhaps for another page's sake: once more, in a new one.
    this.#log.info("page fetched again", { url: request.url, why: "its browser ended" });
    try {
      return await this.#fetchOnce(request, own);
    } catch (error) {
      return outcomeOf(error, request, context);
    }
  }

  async #fetchOnce(request: FetchRequest, own: RunContext): Promise<FetchOutcome> {
    const { visited, wireBytes } = await this.#inTab(own, async (tab, pass, watch) => {
      const signal = AbortSignal.any([own.signal, watch.signal]);
      try {
        const deps = { tab, pass, watch, clock: this.#clock };
        return { visited: await visit(deps, request.url, this.#options, signal), wireBytes: pass.bytes };
      } catch (error) {
        own.signal.throwIfAborted();
        const cause: unknown = watch.signal.aborted ? watch.signal.reason : error;
        if (cause instanceof PageFailure || !(await tab.hasBrowserEnded())) throw cause;
        throw new PageGoneError("The browser ended.", { cause });
      }
    });
    return { kind: "page", page: this.#pageOf(request, visited, wireBytes) };
  }

  #pageOf(request: FetchRequest, visited: Visited, wireBytes: number) {
    const { isRendered: rendered, ...rest } = visited;
    const fetchedAt = this.#clock.now();
    return { ...rest, requestedUrl: request.url, rendered, wireBytes, tier: this.name, fetchedAt };
  }

  /**
   * Runs `work` in a fresh tab when one is free. What comes of it is given at once; the tab's place only after the
   * tab closed, so that a page which will not go away takes no one's share but its own.
   */
  #inTab<T>(own: RunContext, work: TabWork<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    void this.#queue.add(async () => {
      if (own.signal.aborted) return;
      try {
        const { proxy, tabs } = await this.#start();
        await this.#useTab(proxy, tabs, own, (...given) => work(...given).then(resolve, reject));
      } catch (error) {
        reject(error);
      }
    });
    return unlessAborted(promise, own.signal);
  }

  async #useTab(proxy: EgressProxy, tabs: TabPool, own: RunContext, work: TabWork<void>): Promise<void> {
    let watch: PageWatch | undefined;
    const { maxBytes } = this.#options;
    using pass = proxy.issuePass(maxBytes, () =>
      watch?.fail("too large", `The page took more than ${maxBytes} bytes from the network.`, false),
    );
    const tab = await tabs.open(this.#contextOptions(proxy, pass)).catch((cause: unknown) => {
      throw isOfMachine(cause) ? cause : new PageGoneError("The browser gave no tab.", { cause });
    });
    try {
      watch = new PageWatch(tab.page, this.#options, () => this.#clock.now());
      await unlessAborted(tab.context.route("**/*", refuseHeavy), own.signal);
      await work(tab, pass, watch);
    } finally {
      await tab.close();
    }
  }

  #contextOptions(proxy: EgressProxy, pass: EgressPass): BrowserContextOptions {
    const { username, password } = pass;
    return {
      ...(this.#session && { storageState: this.#session.file }),
      proxy: { server: proxy.url, bypass: "<-loopback>", username, password },
      serviceWorkers: "block",
      acceptDownloads: false,
      permissions: [],
      viewport: null,
    };
  }

  #start(): Promise<Machinery> {
    if (this.#isDisposed) return Promise.reject(new Error("The headless tier is closed."));
    this.#machinery ??= this.#launch().catch((error: unknown) => {
      this.#machinery = undefined; // The next fetch tries again: a browser may be there by then.
      throw error;
    });
    return this.#machinery;
  }

  async #launch(): Promise<Machinery> {
    const options = this.#options;
    const { chromiumPath } = options;
    const executable = findChromium(chromiumPath === "" ? process.env : { FORAGER_CHROMIUM: chromiumPath });
    if (executable === undefined) throw new MissingError("No Chromium was found.", chromiumRemedy);
    const startedAt = this.#clock.now();
    const { TabPool } = await import("../browser-pool.ts");
    const proxy = await EgressProxy.listen({ guard: this.#guard, log: this.#log });
    const home = new BrowserHome();
    const tabs = new TabPool(
      { home, log: this.#log },
      {
        ...options,
        closeRetiredBrowserAfterMs: 2 * options.fetchTimeoutMs,
        launch: {
          executable,
          proxyServer: proxy.url,
          isHeadless: true,
          language: options.language,
          maxScriptHeapMb: options.maxScriptHeapMb,
          timeoutMs: options.launchTimeoutMs,
        },
      },
    );
    this.#log.debug("headless tier started", { executable, ms: this.#clock.now() - startedAt });
    return { proxy, home, tabs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#queue.clear();
    const machinery = await this.#machinery?.catch(() => undefined); // What did not start needs no end.
    if (machinery === undefined) return;
    await machinery.tabs[Symbol.asyncDispose]();
    await this.#queue.onIdle();
    await machinery.proxy[Symbol.asyncDispose]();
    machinery.home[Symbol.dispose]();
  }
}

type TabWork<T> = (tab: Tab, pass: EgressPass, watch: PageWatch) => Promise<T>;

/** What all fetches share, made by the first. */
interface Machinery {
  readonly proxy: EgressProxy;
  readonly home: BrowserHome;
  readonly tabs: TabPool;
}

const headStartMs = 200;

/** What a reader of text has no use for. */
const heavy = new Set(["image", "media", "font"]);

async function refuseHeavy(route: Route): Promise<void> {
  const step = heavy.has(route.request().resourceType()) ? route.abort("blockedbyclient") : route.continue();
  await step.catch(() => undefined); // The page closed meanwhile.
}

function outcomeOf(error: unknown, request: FetchRequest, context: RunContext): NoPage {
  if (error instanceof PageFailure) return noPage(error.reason, error.message, error.retryable);
  if (error instanceof MissingError || error instanceof OptionsError) throw error;
  if (error instanceof PageGoneError) {
    return noPage("crash", `The browser ended twice while it loaded ${request.url}.`, true);
  }
  if (error instanceof TimeoutError) return noPage("timeout", error.message, true);
  context.signal.throwIfAborted();
  return noPage("crash", `The browser failed on ${request.url}: ${messageOf(error)}`, true);
}

/** True for what another browser on this machine would not mend. */
function isOfMachine(error: unknown): boolean {
  return error instanceof MissingError || error instanceof TimeoutError;
}

function noPage(reason: NoPage["reason"], detail: string, isTransient: boolean): NoPage {
  return { kind: "no-page", reason, detail, isTransient };
}
