import type { Database } from "../../../../database.ts";
import { priorities } from "../../../new-task.ts";
import type { Task } from "../../../tasks.ts";
import { decodeNeeds } from "./task-input.ts";
import type { TaskUpkeep } from "./task-upkeep.ts";

/** Every so many takings the oldest task goes first, whatever its priority, so that none starves. */
const agingInterval = 16;
/** Delayed tasks that become ready at a time. */
const promotedAtOnce = 1_000;

/** A task in hand, and what only its worker's machinery needs. */
export interface TakenTask {
  readonly task: Task;
  readonly maxAttempts: number;
  readonly checkpoint: unknown;
}

/** Who wants tasks. */
export interface Claimer {
  readonly kind: string;
  readonly capabilities: readonly string[];
  /** Tasks of the kind that may be under way anywhere. */
  readonly atOnce: number;
  /** How the process is known. */
  readonly owner: string;
}

/** What of a kind may be taken by somebody. */
interface Offer {
  readonly needs: readonly string[];
  readonly leased: number;
}

interface RawTask {
  readonly id: number;
  readonly kind: string;
  readonly priority: number;
  readonly input: string;
  readonly run: number | null;
  readonly name: string | null;
  readonly needs: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly fence: number;
  readonly deadline: number | null;
  readonly trace: string;
  readonly progress: string | null;
}

/** Hands tasks out. What writes is synchronous and belongs inside `Database.write`. */
export class TaskClaims {
  readonly #database: Database;
  readonly #upkeep: TaskUpkeep;
  #takings = 0;

  constructor(deps: { readonly database: Database; readonly upkeep: TaskUpkeep }) {
    this.#database = deps.database;
    this.#upkeep = deps.upkeep;
  }

  /** Whether {@link claim} would find anything to do; only reads. */
  isWorthwhile(claimer: Claimer, now: number): boolean {
    const dueAt = this.nextDueAt(claimer.kind);
    if (dueAt !== undefined && dueAt <= now) return true;
    const offer = this.#offer(claimer);
    return offer.needs.length > 0 && offer.leased < claimer.atOnce;
  }

  /** Takes tasks that are due: urgent ones first, then the oldest. */
  claim(claimer: Claimer, limit: number, leaseMs: number, now: number): TakenTask[] {
    const { kind } = claimer;
    this.#upkeep.expire(now);
    this.#promote(kind, now);
    const { needs, leased } = this.#offer(claimer);
    const wanted = Math.min(limit, claimer.atOnce - leased);
    if (needs.length === 0 || wanted <= 0) return [];
    const aged = Math.floor(((this.#takings % agingInterval) + wanted) / agingInterval);
    const ids = new Set(aged > 0 ? this.#oldest(kind, needs, aged) : []);
    for (const id of this.#mostUrgent(kind, needs, wanted)) if (ids.size < wanted) ids.add(id);
    this.#takings += ids.size;
    return [...ids].map((id) => this.#lease(id, claimer.owner, now + leaseMs, now));
  }

  /** When the next delayed task of the kind is due, or the next deadline of any is over. */
  nextDueAt(kind: string): number | undefined {
    const delayed = this.#nextDelayed(kind);
    const deadline = this.#upkeep.nextDeadline();
    if (delayed === undefined) return deadline;
    return Math.min(delayed, deadline ?? Infinity);
  }

  #nextDelayed(kind: string): number | undefined {
    const row = this.#database
      .prepare("SELECT at FROM task WHERE kind = ? AND state = 'delayed' ORDER BY at LIMIT 1")
      .get(kind);
    return row && Number(row["at"]);
  }

  #promote(kind: string, now: number): void {
    // Looked up first: an UPDATE opens every index of the table before it finds that there is nothing to do, 50 us.
    if ((this.#nextDelayed(kind) ?? Infinity) > now) return;
    this.#database
      .prepare(
        `UPDATE task SET state = 'ready' WHERE id IN
           (SELECT id FROM task WHERE kind = ? AND state = 'delayed' AND at <= ? ORDER BY at LIMIT ?)`,
      )
      .run(kind, now, promotedAtOnce);
  }

  #offer({ kind, capabilities }: Claimer): Offer {
    const rows = this.#database
      .prepare(
        "SELECT state, needs, count FROM task_count WHERE kind = ? AND state IN ('leased','ready') AND count > 0",
      )
      .all(kind) as unknown as { readonly state: string; readonly needs: string; readonly count: number }[];
    let leased = 0;
    const needs: string[] = [];
    for (const row of rows) {
      if (row.state === "leased") leased += row.count;
      else if (canDo(capabilities, row.needs)) needs.push(row.needs);
    }
    return { needs, leased };
  }

  #mostUrgent(kind: string, needs: readonly string[], limit: number): number[] {
    const select = this.#database.prepare(
      "SELECT id, priority FROM task WHERE kind = ? AND needs = ? AND state = 'ready' ORDER BY priority, id LIMIT ?",
    );
    const rows = needs.flatMap(
      (each) =>
        select.all(kind, each, limit) as unknown as { readonly id: number; readonly priority: number }[],
    );
    if (needs.length > 1) rows.sort((left, right) => left.priority - right.priority || left.id - right.id);
    return rows.map(({ id }) => id);
  }

  #oldest(kind: string, needs: readonly string[], limit: number): number[] {
    const select = this.#database.prepare(
      "SELECT id FROM task WHERE kind = ? AND needs = ? AND priority = ? AND state = 'ready' ORDER BY id LIMIT ?",
    );
    return needs
      .flatMap((each) =>
        priorities.flatMap((_, priority) =>
          select.all(kind, each, priority, limit).map((row) => Number(row["id"])),
        ),
      )
      .sort((left, right) => left - right)
      .slice(0, limit);
  }

  #lease(id: number, owner: string, until: number, now: number): TakenTask {
    const row = this.#database
      .prepare(
        `UPDATE task SET state = 'leased', at = ?, owner = ?, started_at = ?, fence = fence + 1, attempt = attempt + 1,
           starts = starts + 1
         WHERE id = ? RETURNING id, kind, priority, input, run, name, needs, attempt, max_attempts, fence, deadline,
           trace, progress`,
      )
      .get(until, owner, now, id) as unknown as RawTask;
    return asTaken(row);
  }
}

/** Whether somebody who can do `capabilities` can do all of `needs`. */
export function canDo(capabilities: readonly string[], needs: string): boolean {
  if (needs === "" || capabilities.includes("*")) return true;
  return decodeNeeds(needs).every((need) => capabilities.includes(need));
}

function asTaken(row: RawTask): TakenTask {
  return {
    task: {
      id: row.id,
      kind: row.kind,
      input: JSON.parse(row.input),
      run: row.run ?? undefined,
      name: row.name ?? undefined,
      priority: priorities[row.priority] ?? "normal",
      needs: decodeNeeds(row.needs),
      attempt: row.attempt,
      fence: row.fence,
      deadlineAt: row.deadline ?? undefined,
      trace: row.trace,
    },
    maxAttempts: row.max_attempts,
    checkpoint: row.progress === null ? undefined : JSON.parse(row.progress),
  };
}
