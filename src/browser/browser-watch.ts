import type { Dialog, Frame, Page, Request, Response } from "playwright";
import type { FailureReason } from "../document.ts";
import { PageFailure, PageGoneError } from "./browser-failure.ts";

export interface WatchLimits {
  readonly maxNavigations: number;
  readonly maxRequests: number;
  readonly maxDialogs: number;
}

/** Follows what a page does while it loads, keeps it from opening dialogs, windows and downloads, and knows when it is quiet. */
export class PageWatch {
  readonly #page: Page;
  readonly #limits: WatchLimits;
  readonly #now: () => number;
  readonly #failed = new AbortController();
  readonly #open = new Set<Request>();
  #requests = 0;
  #navigations = 0;
  #dialogs = 0;
  #lastActivityAt: number;
  #navigation: Request | undefined;
  #isDocumentReady = false;
  #response: Response | undefined;
  #navigationUrl: string | undefined;
  #navigationError: string | undefined;
  #hasDownload = false;

  constructor(page: Page, limits: WatchLimits, now: () => number) {
    this.#page = page;
    this.#limits = limits;
    this.#now = now;
    this.#lastActivityAt = now();
    page.on("request", (request) => this.#onRequest(request));
    page.on("response", (response) => this.#onResponse(response));
    page.on("requestfinished", (request) => this.#onEnd(request, undefined));
    page.on("requestfailed", (request) => this.#onEnd(request, request.failure()?.errorText ?? "failed"));
    page.on("domcontentloaded", () => {
      this.#isDocumentReady = true;
      this.#touch();
    });
    page.on("framenavigated", (frame) => {
      if (isMain(frame)) this.#touch();
    });
    page.on("dialog", (dialog) => void this.#onDialog(dialog));
    page.on("popup", (popup) => void popup.close().catch(() => undefined)); // It may close by itself first.
    page.on("download", () => (this.#hasDownload = true));
    page.on("close", () => this.#failed.abort(new PageGoneError("The page was closed.")));
    page.on("crash", () => this.fail("crash", `The page ${page.url()} crashed its renderer.`, false));
  }

  /** Aborts, with a {@link PageFailure} or {@link PageGoneError}, when the page can no longer give a document. */
  get signal(): AbortSignal {
    return this.#failed.signal;
  }

  /** The answer that the document shown came from: the last one, after redirects by the server and by scripts. */
  get response(): Response | undefined {
    return this.#response;
  }

  /** Where the page last set out for, after the server's redirects. */
  get navigationUrl(): string | undefined {
    return this.#navigationUrl;
  }

  /** Chromium's name for what went wrong with the last document (`net::ERR_...`), if anything did. */
  get navigationError(): string | undefined {
    return this.#navigationError;
  }

  get hasDownload(): boolean {
    return this.#hasDownload;
  }

  /** True when the document's HTML has been read to its end. */
  get isDocumentReady(): boolean {
    return this.#isDocumentReady;
  }

  /** True while the document's own bytes are still coming. */
  get isDocumentArriving(): boolean {
    return this.#navigation !== undefined;
  }

  /** True when the page made so many requests that waiting for the last one is no use. */
  get isExhausted(): boolean {
    return this.#requests > this.#limits.maxRequests;
  }

  /** How long there was no request, no answer and no navigation; 0 while one is under way. */
  get quietMs(): number {
    return this.#open.size > 0 ? 0 : this.#now() - this.#lastActivityAt;
  }

  fail(reason: FailureReason, detail: string, isTransient: boolean): void {
    this.#failed.abort(new PageFailure(reason, detail, isTransient));
  }

  #onRequest(request: Request): void {
    this.#touch();
    this.#requests++;
    if (!endless.has(request.resourceType())) this.#open.add(request);
    if (!isMainNavigation(request)) return;
    this.#navigation = request;
    this.#navigationUrl = request.url();
    this.#navigationError = undefined;
    this.#isDocumentReady = false;
    if (request.redirectedFrom() !== null || ++this.#navigations <= this.#limits.maxNavigations) return;
    const detail = `${this.#page.url()} went on to load new documents after ${this.#limits.maxNavigations}.`;
    this.fail("redirect loop", detail, false);
  }

  #onResponse(response: Response): void {
    this.#touch();
    if (isMainNavigation(response.request())) this.#response = response;
  }

  #onEnd(request: Request, error: string | undefined): void {
    this.#touch();
    this.#open.delete(request);
    if (request !== this.#navigation) return;
    this.#navigation = undefined;
    if (error === undefined) return;
    this.#navigationError = error;
    // The old document stays when a new one becomes a download, has no content or is refused.
    this.#isDocumentReady = true;
  }

  async #onDialog(dialog: Dialog): Promise<void> {
    this.#touch();
    if (++this.#dialogs > this.#limits.maxDialogs) {
      const detail = `${this.#page.url()} opened more than ${this.#limits.maxDialogs} dialogs.`;
      this.fail("unreadable", detail, false);
      return;
    }
    await dialog.dismiss().catch(() => undefined); // Gone with its page.
  }

  #touch(): void {
    this.#lastActivityAt = this.#now();
  }
}

/** Requests that stay open by design, or that nobody waits for. */
const endless = new Set(["websocket", "eventsource", "ping", "media", "image", "font"]);

function isMain(frame: Frame): boolean {
  return frame.parentFrame() === null;
}

function isMainNavigation(request: Request): boolean {
  if (!request.isNavigationRequest()) return false;
  try {
    return isMain(request.frame());
  } catch {
    return false; // A frame that is not there yet is not the main one.
  }
}
