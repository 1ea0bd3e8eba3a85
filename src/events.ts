import type { FailureReason } from "./document.ts";
import { messageOf } from "./errors.ts";

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
  /** Documents were sent on to the store that is searched, or deleted from it. */
  | { readonly type: "documents-fed"; readonly to: string; readonly count: number }
  /** So many documents of the store that an index is moved from were looked at, of about `total`. */
  | { readonly type: "documents-compared"; readonly count: number; readonly total: number }
  /** A sentence of an answer stands: quotes bear it out. Where no model writes, the quotes themselves come as one. */
  | {
      readonly type: "answer-sentence";
      /** As it was asked. */
      readonly question: string;
      /** The part of the question it answers, from 0. */
      readonly part: number;
      /** As in the answer, with the marks of its sources. */
      readonly text: string;
      /** The quotes it rests on, numbered as in the answer. */
      readonly sources: readonly {
        readonly number: number;
        readonly url: string;
        readonly title: string;
        readonly quote: string;
      }[];
    }
  /** What `key` names failed too often and is left alone until then. */
  | { readonly type: "breaker-opened"; readonly name: string; readonly key: string; readonly untilMs: number }
  | { readonly type: "breaker-closed"; readonly name: string; readonly key: string }
  /** A plan is run, or goes on; `why` says what the choice of its mode rests on. */
  | {
      readonly type: "plan-started";
      /** Undefined when nothing of it is kept. */
      readonly run: number | undefined;
      readonly goal: string;
      readonly nodes: number;
      readonly mode: "sequential" | "hybrid" | "parallel";
      readonly slots: number;
      readonly why: string;
    }
  | {
      readonly type: "node-ended";
      readonly run: number | undefined;
      readonly node: string;
      readonly role: string;
      readonly state: "done" | "dead" | "cancelled";
      readonly ms: number;
      readonly error: string;
    }
  | { readonly type: "agent-failed"; readonly role: string; readonly error: string }
  /** A member of a pool of agents can be given work. */
  | { readonly type: "agent-started"; readonly role: string; readonly member: string; readonly ms: number }
  /** A member failed, or did not come back from a call that was called off: it gets no more work. */
  | { readonly type: "agent-isolated"; readonly role: string; readonly member: string; readonly why: string }
  /** Another agent took the place of one that failed. */
  | { readonly type: "agent-replaced"; readonly role: string; readonly member: string; readonly why: string }
  | {
      readonly type: "pool-resized";
      readonly role: string;
      readonly from: number;
      readonly to: number;
      readonly why: string;
    }
  | {
      readonly type: "pressure-changed";
      readonly level: PressureLevel;
      readonly from: PressureLevel;
      readonly reasons: readonly string[];
    };

/** How this process bears its work: grow; do not grow; do less. */
export type PressureLevel = "normal" | "strained" | "overloaded";

export type ForagerEventType = ForagerEvent["type"];

/** Hands each event to every listener at once, in order. A listener that throws ends nothing but itself. */
export class EventStream {
  readonly #listeners = new Set<(event: ForagerEvent) => void>();

  emit(event: ForagerEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        process.emitWarning(`A listener to events threw, and hears no more of them: ${messageOf(error)}`);
      }
    }
  }

  /** @returns A function that ends the subscription. */
  subscribe(listener: (event: ForagerEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
