import type { FailureReason } from "./document.ts";

/** Everything that happens, as data: progress, logs, counts and the event log are views of this one stream. */
export type ForagerEvent =
  | { readonly type: "run-started"; readonly run: number; readonly job: string; readonly resumed: boolean }
  | {
      readonly type: "run-finished";
      readonly run: number;
      readonly job: string;
      readonly state: "finished" | "interrupted" | "failed";
    }
  | { readonly type: "urls-found"; readonly added: number; readonly from: string }
  | {
      readonly type: "page-stored";
      readonly url: string;
      readonly tier: string;
      readonly ms: number;
      readonly bytes: number;
      readonly chunks: number;
      /** False when a re-crawl found the same content. */
      readonly isChanged: boolean;
    }
  | {
      readonly type: "page-failed";
      readonly url: string;
      readonly reason: FailureReason;
      readonly detail: string;
      readonly ms: number;
    }
  | {
      readonly type: "page-skipped";
      readonly url: string;
      readonly reason: FailureReason;
      readonly detail: string;
    }
  | {
      readonly type: "page-retried";
      readonly url: string;
      readonly reason: FailureReason;
      readonly dueAt: number;
    }
  | {
      readonly type: "tier-tried";
      readonly url: string;
      readonly tier: string;
      readonly verdict: string;
      readonly ms: number;
    }
  | { readonly type: "host-delayed"; readonly host: string; readonly untilMs: number; readonly why: string }
  | {
      readonly type: "queue-measured";
      /** Pages of the run so far, those of before an interruption too. */
      readonly done: number;
      readonly failed: number;
      readonly skipped: number;
      readonly ready: number;
      readonly inFlight: number;
      /** Passages without a vector that get one before the job ends. */
      readonly toEmbed: number;
    }
  | {
      readonly type: "chunks-embedded";
      readonly count: number;
      readonly embedded: number;
      readonly total: number;
    }
  | { readonly type: "agent-failed"; readonly role: string; readonly error: string };

export type ForagerEventType = ForagerEvent["type"];

/** Hands each event to every listener at once, in order. A listener that throws ends nothing but itself. */
export class EventStream {
  readonly #listeners = new Set<(event: ForagerEvent) => void>();

  emit(event: ForagerEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** @returns A function that ends the subscription. */
  subscribe(listener: (event: ForagerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
