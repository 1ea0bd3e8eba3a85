import type { CoordinationBackend } from "../coordination/backend.ts";
import type { EndedUrl } from "../coordination/frontier.ts";
import type { EndedTask, FailedAttempt } from "../coordination/tasks.ts";
import type { Clock } from "../clock.ts";
import type { Database } from "../database.ts";
import { OptionsError } from "../errors.ts";

/** Work that was given up: a page that could not be had, or a task of another kind. */
export interface DeadLetter {
  /** `page-7` or `task-12`: what the other commands take. */
  readonly id: string;
  /** "page", or the task's kind. */
  readonly kind: string;
  readonly run: number | undefined;
  /** A page's address, or the task's input. */
  readonly what: unknown;
  /** A page's reason class, or the last error's code. */
  readonly reason: string;
  readonly detail: string;
  readonly attempts: number;
  readonly diedAt: string;
  /** Finds the log lines and events of it. */
  readonly trace: string;
  /** The tries of a task that failed, oldest first. */
  readonly history: readonly FailedAttempt[];
}

export interface DeadLetterFloor {
  readonly database: Database;
  readonly coordination: CoordinationBackend;
  readonly clock: Clock;
}

/** What was given up: pages, then tasks, the oldest first. */
export function* listDeadLetters({
  coordination,
}: Pick<DeadLetterFloor, "coordination">): Generator<DeadLetter> {
  for (const url of coordination.frontier.ended()) if (url.state === "failed") yield ofUrl(url);
  for (const task of deadTasks(coordination)) yield ofTask(task);
}

/** One of them. @throws {OptionsError} When there is none with this id. */
export function showDeadLetter(floor: Pick<DeadLetterFloor, "coordination">, id: string): DeadLetter {
  const { kind, number } = parseId(id);
  if (kind === "page") {
    const url = floor.coordination.frontier.endedUrl(number);
    if (url?.state === "failed") return ofUrl(url);
  } else {
    const [task] = floor.coordination.tasks.dead({ after: number - 1, limit: 1 });
    if (task?.id === number) return ofTask(task);
  }
  throw new OptionsError(`Dead letter "${id}"`, "there is none. See: forager dead-letters list");
}

/** Gives what was given up another chance, with all its tries. A page is fetched by the next crawl of the same seeds. @param ids All of them when left out. */
export async function replayDeadLetters(floor: DeadLetterFloor, ids?: readonly string[]): Promise<number> {
  const { database, coordination, clock } = floor;
  const chosen = choose(coordination, ids);
  const tasks = await coordination.tasks.replay(chosen.tasks);
  let pages = 0;
  for (const part of parts(chosen.pages))
    pages += await database.write(() => coordination.frontier.replay(part, clock.now()).length);
  return tasks + pages;
}

/** Stops keeping them: tasks are forgotten, pages count as skipped from now on. @param ids All of them when left out. */
export async function purgeDeadLetters(floor: DeadLetterFloor, ids?: readonly string[]): Promise<number> {
  const { database, coordination } = floor;
  const chosen = choose(coordination, ids);
  const tasks = await coordination.tasks.purge(chosen.tasks);
  let pages = 0;
  for (const part of parts(chosen.pages))
    pages += await database.write(() => coordination.frontier.dismiss(part));
  return tasks + pages;
}

/** Rows changed in one transaction, so that others get their turn. */
const partSize = 500;

function* parts(ids: readonly number[]): Generator<readonly number[]> {
  for (let from = 0; from < ids.length; from += partSize) yield ids.slice(from, from + partSize);
}

function choose(
  coordination: CoordinationBackend,
  ids: readonly string[] | undefined,
): { readonly pages: number[]; readonly tasks: number[] } {
  const letters = ids
    ? ids.map((id) => showDeadLetter({ coordination }, id))
    : listDeadLetters({ coordination });
  const chosen = Array.from(letters, ({ id }) => parseId(id));
  const numbers = (wanted: string) =>
    chosen.filter(({ kind }) => kind === wanted).map(({ number }) => number);
  return { pages: numbers("page"), tasks: numbers("task") };
}

function parseId(id: string): { readonly kind: "page" | "task"; readonly number: number } {
  const match = /^(page|task)-(\d+)$/.exec(id);
  if (!match) {
    throw new OptionsError(
      `Dead letter "${id}"`,
      "an id looks like page-7 or task-12. See: forager dead-letters list",
    );
  }
  return { kind: match[1] === "page" ? "page" : "task", number: Number(match[2]) };
}

function* deadTasks({ tasks }: CoordinationBackend): Generator<EndedTask> {
  let after = 0;
  for (;;) {
    const page = tasks.dead({ after, limit: partSize });
    yield* page;
    if (page.length < partSize) return;
    after = page.at(-1)?.id ?? after;
  }
}

function ofUrl(url: EndedUrl): DeadLetter {
  return {
    id: `page-${url.id}`,
    kind: "page",
    run: url.run,
    what: url.url,
    reason: url.reason,
    detail: url.detail,
    attempts: url.attempts,
    diedAt: new Date(url.finishedAt).toISOString(),
    trace: `run/${url.run}/${url.id}`,
    history: [],
  };
}

function ofTask(task: EndedTask): DeadLetter {
  return {
    id: `task-${task.id}`,
    kind: task.kind,
    run: task.run,
    what: task.input,
    reason: task.history.at(-1)?.code ?? "error",
    detail: task.error,
    attempts: task.attempts,
    diedAt: new Date(task.endedAt).toISOString(),
    trace: task.trace,
    history: task.history,
  };
}
