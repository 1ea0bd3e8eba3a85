import { createRequire } from "node:module";
import { Server } from "node:net";
import { rm } from "node:fs/promises";
import type * as crawlee from "@crawlee/browser-pool";
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from "playwright";
import type { Log } from "../log.ts";
import { endsWithin } from "../deadline.ts";
import type { BrowserHome } from "./browser-home.ts";
import { launchBrowser, type BrowserProcess, type LaunchRequest } from "./browser-process.ts";

const { BrowserPool, PlaywrightController, PlaywrightPlugin } = loadCrawlee();

/** A fresh context with one page in it: no cookies, no storage, nothing shared with any other. */
export interface Tab {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Waits a moment for word that the browser ended: it comes after the calls that failed by it. */
  hasBrowserEnded(): Promise<boolean>;
  /** Closes page and context; a browser that does not obey within some seconds is killed. */
  close(): Promise<void>;
}

export interface TabPoolOptions {
  readonly launch: Omit<LaunchRequest, "profile">;
  readonly maxTabsPerBrowser: number;
  readonly retireBrowserAfterPages: number;
  readonly retireIdleBrowserAfterMs: number;
  /** A retired browser is closed after so long, pages or not. Longer than any tab lives. */
  readonly closeRetiredBrowserAfterMs: number;
}

/** Tabs in browsers that Crawlee's pool launches, shares out, retires by age in pages, and closes. */
export class TabPool implements AsyncDisposable {
  readonly #pool: crawlee.BrowserPool<{ browserPlugins: [ChromiumPlugin] }>;
  readonly #log: Log;
  #opening = 0;

  constructor(deps: { readonly home: BrowserHome; readonly log: Log }, options: TabPoolOptions) {
    this.#log = deps.log;
    this.#pool = new BrowserPool({
      browserPlugins: [new ChromiumPlugin(deps.home, options.launch)],
      maxOpenPagesPerBrowser: options.maxTabsPerBrowser,
      retireBrowserAfterPageCount: options.retireBrowserAfterPages,
      retireInactiveBrowserAfterSecs: options.retireIdleBrowserAfterMs / 1_000,
      closeInactiveBrowserAfterSecs: options.closeRetiredBrowserAfterMs / 1_000,
      operationTimeoutSecs: options.launch.timeoutMs / 1_000,
      useFingerprints: false,
      postLaunchHooks: [
        (_id, controller) => {
          controller.browser.once("disconnected", () => this.#pool.retireBrowserController(controller));
        },
      ],
    });
  }

  /** Tabs open now or being opened. */
  get openTabs(): number {
    return this.#pool.pages.size + this.#opening;
  }

  /** @throws When no browser starts, or it does not open a page in time. */
  async open(contextOptions: BrowserContextOptions): Promise<Tab> {
    this.#opening++;
    try {
      const page = await this.#pool.newPage({ pageOptions: contextOptions });
      const context = page.context();
      const hasBrowserEnded = () => hasEnded(context.browser());
      return { page, context, hasBrowserEnded, close: () => this.#close(page, context) };
    } finally {
      this.#opening--;
    }
  }

  async #close(page: Page, context: BrowserContext): Promise<void> {
    const controller = this.#pool.getBrowserControllerByPage(page);
    // The pool's bookkeeping hangs on `page.close`; the context goes even when the page does not.
    await endsWithin(page.close(), closeMs);
    if (await endsWithin(context.close(), closeMs)) return;
    this.#log.warn("browser killed", { why: "a page could not be closed" });
    if (controller !== undefined) processes.get(controller.browser)?.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }
}

async function hasEnded(browser: Browser | null): Promise<boolean> {
  if (!browser?.isConnected()) return true;
  const ended = new Promise((resolve) => browser.once("disconnected", resolve));
  return await endsWithin(ended, endNewsMs);
}

const endNewsMs = 500;

/** How long a page, then its context, may take to close: a renderer that hangs is ended by the browser in far less. */
const closeMs = 3_000;

/** The process behind each browser, for as long as it lives. */
const processes = new WeakMap<Browser, BrowserProcess>();

class ChromiumPlugin extends PlaywrightPlugin {
  readonly #home: BrowserHome;
  readonly #request: Omit<LaunchRequest, "profile">;

  constructor(home: BrowserHome, request: Omit<LaunchRequest, "profile">) {
    super(chromium, { useIncognitoPages: true });
    this.#home = home;
    this.#request = request;
  }

  protected override async _launch(): Promise<Browser> {
    const profile = this.#home.createProfile();
    const removeProfile = () =>
      rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    try {
      const started = await launchBrowser({ ...this.#request, profile });
      processes.set(started.browser, started);
      started.browser.once("disconnected", () => {
        started.kill();
        void removeProfile();
      });
      return started.browser;
    } catch (error) {
      await removeProfile();
      throw error;
    }
  }

  protected override _createController(): ChromiumController {
    return new ChromiumController(this);
  }
}

class ChromiumController extends PlaywrightController {
  /** Crawlee's own would put an open proxy between the browser and ours to carry the credentials; Chromium can itself. */
  protected override async _newPage(options?: BrowserContextOptions): Promise<Page> {
    try {
      // A browser that dies now leaves these calls without an answer.
      const started = processes.get(this.browser);
      if (started === undefined) throw new Error("The browser ended.");
      const page = await Promise.race([openPage(started, options), started.ended]);
      page.once("close", () => this.activePages--);
      return page;
    } catch (error) {
      this.activePages--;
      throw error;
    }
  }

  /** Profiles are thrown away, so there is nothing to end gracefully. */
  protected override async _close(): Promise<void> {
    processes.get(this.browser)?.kill();
    await endsWithin(this.browser.close(), closeMs);
  }

  protected override async _kill(): Promise<void> {
    processes.get(this.browser)?.kill();
  }
}

/** A context that stays behind when this fails goes with its browser, which the pool then retires. */
async function openPage(started: BrowserProcess, options?: BrowserContextOptions): Promise<Page> {
  const { browser, userAgent } = started;
  const context = await browser.newContext({ ...options, userAgent });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  // Playwright changes the user agent only; the client hints beside it would still name HeadlessChrome.
  await session.send("Emulation.setUserAgentOverride", { userAgent, userAgentMetadata: hintsOf(userAgent) });
  return page;
}

function hintsOf(userAgent: string) {
  const version = /Chrome\/(\d+)/.exec(userAgent)?.[1] ?? "";
  const brands = [
    { brand: "Not:A-Brand", version: "8" },
    { brand: "Chromium", version },
  ];
  const platform = { linux: "Linux", darwin: "macOS", win32: "Windows" }[process.platform as string] ?? "";
  return { brands, platform, platformVersion: "", architecture: "", model: "", mobile: false };
}

/**
 * Loads Crawlee's browser pool, and keeps it from opening a door: on import it starts a forward proxy without
 * credentials on every network interface (proxy-server.js in 3.18.1), meant for a Chromium of before 2020. Loading is
 * synchronous, so nobody else's server can be caught by the detour.
 */
function loadCrawlee(): typeof crawlee {
  const listen = Object.getOwnPropertyDescriptor(Server.prototype, "listen") ?? {};
  try {
    Object.defineProperty(Server.prototype, "listen", { ...listen, value: stayClosed });
    return createRequire(import.meta.url)("@crawlee/browser-pool") as typeof crawlee;
  } finally {
    Object.defineProperty(Server.prototype, "listen", listen);
  }
}

function stayClosed(this: Server): Server {
  return this;
}
