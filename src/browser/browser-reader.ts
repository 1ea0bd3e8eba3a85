import type { CDPSession, Page } from "playwright";
import { snapshotProgram, textLengthProgram, type Snapshot } from "./browser-page-script.ts";
import { unlessAborted } from "../deadline.ts";

/** Reads a page from a JavaScript world of our own, out of reach of its scripts. */
export class PageReader {
  readonly #session: CDPSession;
  readonly #signal: AbortSignal;
  #world: number | undefined;

  private constructor(session: CDPSession, signal: AbortSignal) {
    this.#session = session;
    this.#signal = signal;
  }

  static async open(page: Page, signal: AbortSignal): Promise<PageReader> {
    return new PageReader(await unlessAborted(page.context().newCDPSession(page), signal), signal);
  }

  /** How much text the page shows now. */
  async textLength(): Promise<number> {
    return Number(await this.#evaluate(textLengthProgram()));
  }

  /** The page with its open shadow trees and same-origin frames in place. */
  async snapshot(maxLength: number): Promise<Snapshot> {
    const json = await this.#evaluate(snapshotProgram(maxLength));
    return JSON.parse(String(json)) as Snapshot;
  }

  async #evaluate(expression: string): Promise<unknown> {
    try {
      return await this.#evaluateOnce(expression);
    } catch {
      this.#signal.throwIfAborted();
      // The page loaded another document, and our world went with the old one.
      this.#world = undefined;
      return await this.#evaluateOnce(expression);
    }
  }

  async #evaluateOnce(expression: string): Promise<unknown> {
    const contextId = (this.#world ??= await this.#createWorld());
    const call = this.#session.send("Runtime.evaluate", { expression, contextId, returnByValue: true });
    const { result, exceptionDetails } = await unlessAborted(call, this.#signal);
    if (exceptionDetails !== undefined) {
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    }
    return result.value;
  }

  async #createWorld(): Promise<number> {
    const tree = await unlessAborted(this.#session.send("Page.getFrameTree"), this.#signal);
    const frameId = tree.frameTree.frame.id;
    const call = this.#session.send("Page.createIsolatedWorld", { frameId });
    return (await unlessAborted(call, this.#signal)).executionContextId;
  }
}
