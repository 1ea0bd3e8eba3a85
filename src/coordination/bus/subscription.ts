import type { Subscription } from "./bus.ts";
import type { Mailbox } from "./mailbox.ts";

/** A mailbox as whoever opened it sees it. */
export class MailboxSubscription implements Subscription {
  readonly ready: Promise<void>;
  readonly #mailbox: Mailbox;
  readonly #mail: AsyncDisposable | undefined;
  readonly #leave: () => void;

  /**
   * @param parts.mail Feeds durable messages into the mailbox.
   * @param parts.leave Ends deliveries to it.
   */
  constructor(parts: {
    readonly mailbox: Mailbox;
    readonly leave: () => void;
    readonly mail?: AsyncDisposable | undefined;
    readonly ready?: Promise<void> | undefined;
  }) {
    this.#mailbox = parts.mailbox;
    this.#mail = parts.mail;
    this.#leave = parts.leave;
    this.ready = parts.ready ?? Promise.resolve();
    this.ready.catch(() => {}); // told to whoever waits for it, and to those who publish
  }

  async drain(signal?: AbortSignal): Promise<void> {
    this.#leave();
    try {
      await this.#mail?.[Symbol.asyncDispose]();
      await this.#mailbox.idle(signal);
    } finally {
      this.#mailbox.close();
    }
  }

  [Symbol.dispose](): void {
    this.#leave();
    this.#mailbox.close();
    void this.#mail?.[Symbol.asyncDispose]();
  }
}
