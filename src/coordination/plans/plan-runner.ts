import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { unlessAborted } from "../../deadline.ts";
import type { EventStream } from "../../events.ts";
import type { Memory } from "../memory.ts";
import { type NewTask, priorities } from "../new-task.ts";
import { type Consumer, type EndedTask, PlanError, type TaskContext, type Tasks } from "../tasks.ts";
import { Admission, type NamedLocks } from "./admission.ts";
import { type Estimate, type PathLengths, measurePaths, rankNodes } from "./critical-path.ts";
import type { FindHandler, NodeContext, NodeHandler, NodeOutcome } from "./node-handler.ts";
import type { ModeChoice } from "./parallelism.ts";
import { type Plan, parsePlan } from "./plan.ts";
import { keepPlan } from "./plan-record.ts";
import { type NodePayload, type Receipt, kindOfPlan, nodesOf } from "./receipts.ts";
import { Turn } from "./turn.ts";

/** What running a plan takes. */
export interface PlanDeps {
  readonly tasks: Tasks;
  readonly memory: Memory;
  /** One for all plans of the process. */
  readonly locks: NamedLocks;
  readonly clock: Clock;
  readonly events: EventStream;
  readonly handlers: FindHandler;
  readonly estimate: Estimate;
}

/** The latest failed try of a node in this process. */
interface Failure {
  readonly cause: unknown;
  readonly startedAt: number;
  readonly ms: number;
}

/** Plans within plans within plans: deeper than this it is a loop. */
const maxDepth = 4;
/** A task's id stays below this, and its urgency above: both make its rank. */
const rankPerPriority = 2 ** 48;

/** Runs the nodes of one run as tasks that wait for each other. */
export class PlanRunner implements AsyncDisposable {
  readonly #deps: PlanDeps;
  readonly #run: number;
  readonly #choice: ModeChoice;
  readonly #timeoutMs: number;
  readonly #isReasoning: (role: string) => boolean;
  readonly #context: RunContext;
  readonly #startedAt: number;
  readonly #admission: Admission;
  readonly #consumer: Consumer;
  readonly #failures = new Map<string, Failure>();
  readonly #closed = new AbortController();
  /** Tasks that were taken and wait for a place. */
  readonly #parked = new Set<number>();
  #delegating = 0;

  constructor(
    deps: PlanDeps,
    options: {
      readonly run: number;
      readonly choice: ModeChoice;
      readonly timeoutMs: number;
      readonly isReasoning: (role: string) => boolean;
    },
    context: RunContext,
  ) {
    this.#deps = deps;
    this.#run = options.run;
    this.#choice = options.choice;
    this.#timeoutMs = options.timeoutMs;
    this.#isReasoning = options.isReasoning;
    this.#context = context;
    this.#startedAt = deps.clock.now();
    this.#admission = new Admission(deps.locks, options.choice);
    this.#consumer = deps.tasks.consume(
      kindOfPlan(options.run),
      (payload, task) => this.#work(payload as NodePayload, task),
      {
        // Who waits for a place or for a plan of its own takes nobody else's.
        concurrency: () => options.choice.slots + this.#admission.waiting + this.#delegating,
        // Whether somebody can do what a node needs was looked up before it was added.
        capabilities: ["*"],
        timeoutMs: Number.POSITIVE_INFINITY,
        context,
      },
    );
  }

  /** Has a plan done and waits for its end; what is done already is not done again. */
  async perform(plan: Plan, paths: PathLengths): Promise<ReadonlyMap<string, NodeOutcome>> {
    const { tasks, clock } = this.#deps;
    checkRoles(plan, this.#deps.handlers);
    const now = clock.now();
    const isThere = new Set(nodesOf(tasks, this.#run).map(({ name }) => name));
    this.#context.budget.spend("tasks", plan.nodes.filter(({ id }) => !isThere.has(id)).length);
    const added = this.#tasksOf(plan, paths, "", now).map((task) => ({
      ...task,
      run: this.#run,
      trace: this.#context.trace,
    }));
    const ids = await tasks.add(added, { signal: this.#context.signal });
    const ended = this.#ends(plan, ids, this.#context.signal, "", async (reason) => {
      // The queue has called off what it had not given out; these have only been taken.
      await tasks.cancel({ ids: [...this.#parked] }, reason);
    });
    await Promise.all([ended, this.#consumer.idle(this.#context.signal)]);
    return await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new PlanError(`The plan of run ${this.#run} is no longer run here.`));
    await this.#consumer[Symbol.asyncDispose]();
    this.#admission[Symbol.dispose]();
  }

  async #work(payload: NodePayload, task: TaskContext): Promise<Receipt> {
    const name = task.task.name ?? "";
    const handler = handlerFor(this.#deps.handlers, payload.role, task.task.needs, name);
    const request = {
      names: payload.uses,
      isReasoning: this.#isReasoning(payload.role),
      rank: priorities.indexOf(task.task.priority) * rankPerPriority + task.task.id,
    };
    const what = `Node "${name}" (${payload.role})`;
    using turn = new Turn(
      { clock: this.#deps.clock, admission: this.#admission },
      { what, request, timeoutMs: this.#timeoutMs },
      task,
    );
    try {
      const entered = turn.take();
      // One more is waiting, so one more may be taken.
      this.#parked.add(task.task.id);
      if (this.#admission.waiting > 0) this.#consumer.resume();
      await entered.finally(() => this.#parked.delete(task.task.id));
      const context = this.#contextOf(name, payload.role, task, turn);
      const value = await unlessAborted(handler(payload.input, context), turn.context.signal);
      return { value, startedAt: turn.startedAt, ms: turn.ms };
    } catch (cause) {
      this.#failures.set(name, { cause, startedAt: turn.startedAt, ms: turn.ms });
      throw cause;
    }
  }

  #contextOf(name: string, role: string, task: TaskContext, turn: Turn): NodeContext {
    const parent = name.slice(0, name.lastIndexOf("/") + 1);
    const before = [...task.before].map(([key, ended]) => {
      const id = key.slice(parent.length);
      return [id, this.#outcomeOf(id, ended)] as const;
    });
    let isDelegating = false;
    return {
      signal: turn.context.signal,
      deadlineAt: task.deadlineAt,
      budget: task.budget,
      trace: task.trace,
      fence: task.fence,
      name,
      role,
      attempt: task.task.attempt,
      before: new Map(before),
      checkpoint: task.checkpoint,
      progress: (checkpoint) => task.progress(checkpoint),
      task,
      delegate: async (value) => {
        if (isDelegating)
          throw new PlanError(`"${name}" delegates two plans at the same time: make them one plan.`);
        isDelegating = true;
        this.#delegating += 1;
        turn.give();
        try {
          return await this.#delegate(parsePlan(value), name, task, turn.context.signal);
        } finally {
          this.#delegating -= 1;
          isDelegating = false;
          await turn.take();
        }
      },
    };
  }

  async #delegate(
    plan: Plan,
    name: string,
    task: TaskContext,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, NodeOutcome>> {
    const { tasks, memory, estimate, handlers, clock } = this.#deps;
    if (name.split("/").length >= maxDepth)
      throw new PlanError(`"${name}" delegates a plan; ${maxDepth} plans within each other are the most.`);
    checkRoles(plan, handlers);
    const paths = measurePaths(plan, estimate);
    const weightMs = Object.fromEntries(paths.weightMs);
    const now = clock.now();
    const record = { plan, choice: this.#choice, weightMs, startedAt: now, spentMs: 0 };
    await keepPlan(memory, this.#run, record, name);
    // The queue's "fail" ends the whole run; a plan within a plan ends alone, and its parent hears of it.
    const added = this.#tasksOf(plan, paths, `${name}/`, now).map((task) =>
      task.onFailure === "fail" ? { ...task, onFailure: "skip" as const } : task,
    );
    const ids = await task.spawn(added);
    return await this.#ends(plan, ids, signal, `${name}/`, async (reason) => {
      const isOurs = new Set(ids);
      const unstarted = nodesOf(tasks, this.#run).filter(
        ({ id, state }) =>
          isOurs.has(id) && (state === "blocked" || state === "ready" || this.#parked.has(id)),
      );
      await tasks.cancel({ ids: unstarted.map(({ id }) => id) }, reason);
    });
  }

  /** Waits for the end of each node, in the order of the plan; `callOff` ends the rest where a failure is to end the plan. */
  async #ends(
    plan: Plan,
    ids: readonly number[],
    signal: AbortSignal,
    prefix: string,
    callOff: (reason: string) => Promise<void>,
  ): Promise<ReadonlyMap<string, NodeOutcome>> {
    const { tasks, events } = this.#deps;
    const until = AbortSignal.any([signal, this.#closed.signal]);
    const nodes = new Map(plan.nodes.map((node) => [node.id, node]));
    const outcomes = new Map<string, NodeOutcome>();
    const waits = ids.map(async (taskId) => {
      const ended = await tasks.wait(taskId, until);
      const node = (ended.name ?? "").slice(prefix.length);
      const outcome = this.#outcomeOf(node, ended);
      outcomes.set(node, outcome);
      const { role, state, ms, error } = outcome;
      if (outcome.endedAt >= this.#startedAt)
        events.emit({ type: "node-ended", run: this.#run, node: prefix + node, role, state, ms, error });
      if (state !== "done" && nodes.get(node)?.onFailure === "fail")
        await callOff(`"${prefix}${node}" did not end well.`);
    });
    await Promise.all(waits);
    return new Map(plan.nodes.flatMap(({ id }) => outcomes.get(id) ?? []).map((each) => [each.id, each]));
  }

  #tasksOf(plan: Plan, paths: PathLengths, prefix: string, now: number): NewTask[] {
    return rankNodes(plan, paths).map(({ node, priority }) => ({
      kind: kindOfPlan(this.#run),
      name: prefix + node.id,
      after: node.after.map((id) => prefix + id),
      input: { role: node.role, input: node.input, uses: node.uses } satisfies NodePayload,
      needs: node.needs,
      priority,
      onFailure: node.onFailure,
      ...(node.deadlineMs === undefined ? {} : { deadlineAt: now + node.deadlineMs }),
    }));
  }

  #outcomeOf(id: string, ended: EndedTask): NodeOutcome {
    const { role } = ended.input as NodePayload;
    const receipt = ended.state === "done" ? (ended.result as Receipt) : undefined;
    const failure = ended.state === "dead" ? this.#failures.get(ended.name ?? "") : undefined;
    return {
      id,
      role,
      state: ended.state,
      result: receipt?.value,
      error: ended.error,
      ...(failure ? { cause: failure.cause } : {}),
      attempts: ended.attempts,
      startedAt: (receipt ?? failure)?.startedAt ?? 0,
      endedAt: ended.endedAt,
      ms: (receipt ?? failure)?.ms ?? 0,
    };
  }
}

/** @throws {PlanError} Naming every node that nobody here can do. */
export function checkRoles(plan: Plan, handlers: FindHandler): void {
  const orphans = plan.nodes.filter(({ role, needs }) => !handlers(role, needs));
  if (orphans.length === 0) return;
  const named = orphans.map(
    ({ id, role, needs }) =>
      `"${id}" asks for a ${role}${needs.length > 0 ? ` that can ${needs.join(", ")}` : ""}`,
  );
  throw new PlanError(`Nobody here does some of the plan: ${named.join("; ")}.`);
}

/** @throws {PlanError} When nobody does that role any more. */
export function handlerFor(
  handlers: FindHandler,
  role: string,
  needs: readonly string[],
  name: string,
): NodeHandler {
  const handler = handlers(role, needs);
  if (!handler) throw new PlanError(`Nobody here does the ${role} for node "${name}".`);
  return handler;
}
