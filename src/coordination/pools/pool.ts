import { listen, unlisten } from "../../abort-listeners.ts";
import type { ZodType } from "zod";
import type { Clock } from "../../clock.ts";
import type { RunContext } from "../../context.ts";
import { runWithin, unlessAborted } from "../../deadline.ts";
import { AgentError, ForagerError, TimeoutError, messageOf } from "../../errors.ts";
import type { EventStream } from "../../events.ts";
import type { Priority } from "../new-task.ts";
import { OverloadedError } from "../tasks.ts";
import { CallQueue } from "./call-queue.ts";
import { type AgentSource, Crew } from "./crew.ts";
import type { MemberState } from "./lifecycle.ts";
import type { Member } from "./member.ts";
import { DegradedError, PoolClosedError, StalledError } from "./pool-errors.ts";
import type { CallOptions, PoolOptions, PoolStatus } from "./pool-options.ts";
import type { Held, Resources } from "./resource-pools.ts";

/** Calls that may wait, for each that can run, before the pool counts as full. */
const backlogPerSlot = 4;
/** Calls that may wait at all. */
const defaultMaxWaiting = 1_000;
/** Between calling an agent off and giving it up. */
const defaultGraceMs = 5_000;
/** A deadline noticed this much too late says nothing about the work: an event loop that is merely busy is late by less. */
const stallMs = 1_000;

interface Waiting<I, O> {
  readonly priority: Priority;
  readonly since: number;
  readonly needs: readonly string[];
  readonly affinity: string | undefined;
  readonly give: (member: Member<I, O>) => void;
  readonly refuse: (error: unknown) => void;
}

const nothing: readonly string[] = [];

/** Runs agents for many callers: so many calls at a time, each with a deadline, every input and output checked. */
export class AgentPool<I, O> implements AsyncDisposable {
  readonly role: string;
  readonly min: number;
  readonly max: number;
  /** While true calls of low priority are refused: the governor's, under overload. */
  isShedding = false;
  readonly #input: ZodType<I>;
  readonly #events: EventStream;
  readonly #clock: Clock;
  readonly #resources: Resources | undefined;
  readonly #timeoutMs: number;
  readonly #graceMs: number;
  readonly #maxWaiting: number;
  readonly #crew: Crew<I, O>;
  readonly #queue = new CallQueue<Waiting<I, O>>();
  /** Calls that were called off and have not come back: when each is given up. */
  readonly #graces = new Set<NodeJS.Timeout>();
  #room: PromiseWithResolvers<void> | undefined;
  #idle: PromiseWithResolvers<void> | undefined;
  #isClosing = false;
  #rounds = 0;
  #busy = 0;
  #done = 0;
  #failed = 0;
  #ms = 0;

  constructor(
    deps: AgentSource<I, O> & {
      readonly events: EventStream;
      readonly clock: Clock;
      /** Where the agents' `uses` are taken from; without it they are not. */
      readonly resources?: Resources;
      readonly random?: () => number;
    },
    options: PoolOptions,
  ) {
    const { size, slots = 1, selection = "least-loaded", graceMs = defaultGraceMs } = options;
    const { events, clock, random = Math.random } = deps;
    this.#crew = new Crew(
      { source: deps, events, clock, random, onRoom: () => this.#dispatch() },
      { size, slots, selection, graceMs },
    );
    this.role = this.#crew.first.role;
    this.#input = this.#crew.first.input;
    this.min = options.min ?? size;
    this.max = options.max ?? size;
    this.#events = events;
    this.#clock = clock;
    this.#resources = deps.resources;
    this.#timeoutMs = options.timeoutMs;
    this.#graceMs = graceMs;
    this.#maxWaiting = options.maxWaiting ?? defaultMaxWaiting;
  }

  /** What each kind of its agents provides, as far as they have been made. */
  get offers(): readonly (readonly string[])[] {
    return this.#crew.offers;
  }

  /** Members, or the calls a shared agent takes at once. */
  get size(): number {
    return this.#crew.size;
  }

  /** True while so many calls wait that producers should hold back; see {@link room}. */
  get isFull(): boolean {
    return this.#queue.size >= Math.min(this.#crew.slots * backlogPerSlot, this.#maxWaiting);
  }

  /** Waits until the pool is not full: what a producer does before it makes more work. */
  async room(signal: AbortSignal): Promise<void> {
    if (!this.isFull) return;
    this.#room ??= Promise.withResolvers();
    await unlessAborted(this.#room.promise, signal);
  }

  /** Starts all members now; otherwise each starts when there is work for it. */
  start(): void {
    this.#crew.startAll();
  }

  /**
   * Has an agent do one piece of work. The time limit counts from the start of the work, not of the wait for it.
   * @throws {AgentError} When input or output does not fit the agent's schema.
   * @throws {TimeoutError} When the work takes longer than the pool allows, whether or not the agent listens.
   * @throws {StalledError} When that is because the whole process stood still.
   * @throws {OverloadedError} When it would have to wait and may not, or too many do.
   * @throws {UnroutableError} @throws {DegradedError} @throws {PoolClosedError} When no member will do it.
   * @throws {BudgetError} When its job has no steps left.
   */
  async run(input: I, context: RunContext, options: CallOptions<I, O> = {}): Promise<O> {
    const { priority = "normal", needs = nothing, affinity, policy = "queued" } = options;
    if (this.#isClosing) throw new PoolClosedError(this.role);
    const checked = this.#input.safeParse(input);
    if (!checked.success) throw this.#failure(new AgentError(this.role, "input", checked.error));
    context.signal.throwIfAborted();
    if (this.isShedding && priority === "low")
      throw new OverloadedError(`The ${this.role} pool`, this.#queue.size);
    context.budget.spend("steps");
    if (typeof policy === "object" && policy.kind === "consolidated")
      return this.#checked(await policy.by(checked.data, context));
    const delegate = typeof policy === "object" ? policy.to : undefined;
    const member = this.#claim(needs, affinity, delegate !== undefined);
    if (member) return await this.#work(member, checked.data, context, priority);
    if (delegate) return this.#checked(await delegate(checked.data, context));
    if (policy === "immediate") throw new OverloadedError(`The ${this.role} pool`, this.#queue.size);
    const given = await this.#wait({ priority, needs, affinity }, context.signal);
    return await this.#work(given, checked.data, context, priority);
  }

  /** Changes how many members there are; those that are too many end what they do first. */
  resize(size: number, why: string): void {
    const from = this.#crew.size;
    if (size === from || this.#isClosing) return;
    if (size < this.min || size > this.max)
      throw new RangeError(`The ${this.role} pool has ${this.min} to ${this.max} members, not ${size}.`);
    this.#crew.resize(size);
    this.#events.emit({ type: "pool-resized", role: this.role, from, to: size, why });
  }

  /** Asks idle members whether they can work, and replaces those that cannot. */
  async check(): Promise<void> {
    if (!this.#isClosing) await this.#crew.check();
  }

  status(): PoolStatus {
    const members: Partial<Record<MemberState, number>> = {};
    let stuck = 0;
    for (const member of this.#crew.members) {
      members[member.state] = (members[member.state] ?? 0) + 1;
      stuck += member.stuck;
    }
    const { outage } = this.#crew;
    return {
      role: this.role,
      ...(outage ? { outage } : {}),
      size: this.#crew.slots,
      busy: this.#busy,
      waiting: this.#queue.size,
      oldestMs: this.#clock.now() - (this.#queue.oldest() ?? this.#clock.now()),
      done: this.#done,
      failed: this.#failed,
      ms: this.#ms,
      stuck,
      members,
    };
  }

  /** Takes no more calls, does those it has, and stops its members. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true;
    for (const grace of this.#graces) grace.ref();
    if (this.#busy > 0 || this.#queue.size > 0) {
      this.#idle ??= Promise.withResolvers();
      await this.#idle.promise;
    }
    await this.#crew.close();
  }

  /** A member for a call that just came. @param hasOther When none works, somebody else does it. */
  #claim(
    needs: readonly string[],
    affinity: string | undefined,
    hasOther: boolean,
  ): Member<I, O> | undefined {
    try {
      const member = this.#crew.claim(needs, affinity, this.#queue.size + 1);
      if (member) this.#busy += 1;
      return member;
    } catch (error) {
      if (hasOther && error instanceof DegradedError) return undefined;
      throw error;
    }
  }

  async #work(member: Member<I, O>, input: I, context: RunContext, priority: Priority): Promise<O> {
    const { agent } = member;
    const startedAt = this.#clock.now();
    const call: { signal?: AbortSignal; running?: Promise<O>; held?: Held } = {};
    try {
      if (agent.uses && this.#resources)
        call.held = await this.#resources.take({ uses: agent.uses }, context, { priority });
      const work = (context: RunContext): Promise<O> => {
        call.signal = context.signal;
        call.running = agent.run(input, context);
        return call.running;
      };
      const own = call.held?.context ?? context;
      const beganAt = this.#clock.now();
      const limit = {
        timeoutMs: this.#timeoutMs,
        trace: `${own.trace}/${this.role}`,
        reason: () => this.#lateReason(beganAt),
      };
      const output = this.#checked(await runWithin(own, limit, work));
      member.crashes = 0;
      this.#done += 1;
      return output;
    } catch (error) {
      // Whoever called it off knows why; that is no failure of the agent.
      context.signal.throwIfAborted();
      if (!(error instanceof ForagerError)) this.#crew.crashed(member, error);
      throw this.#failure(error);
    } finally {
      this.#ms += this.#clock.now() - startedAt;
      if (call.signal?.aborted && call.running) this.#letEnd(member, call.running, call.held);
      else this.#free(member, call.held);
    }
  }

  /** A call was called off: its slot is free when the agent has come back from it, or is given up. */
  #letEnd(member: Member<I, O>, running: Promise<O>, held: Held | undefined): void {
    const onBack = (): void => {
      if (!this.#graces.delete(grace)) return; // given up before
      clearTimeout(grace);
      this.#free(member, held);
    };
    const giveUp = (): void => {
      this.#graces.delete(grace);
      this.#crew.abandon(member, running);
      this.#free(undefined, held);
    };
    const grace = setTimeout(giveUp, this.#graceMs);
    this.#graces.add(grace);
    // An agent that does not come back keeps no process from ending, unless somebody waits for its place.
    if (this.#queue.size === 0 && !this.#isClosing) grace.unref();
    running.then(onBack, onBack);
  }

  #free(member: Member<I, O> | undefined, held: Held | undefined): void {
    this.#busy -= 1;
    held?.release();
    member?.release();
    this.#dispatch({ isSlotOnly: true });
  }

  async #wait(
    call: Pick<Waiting<I, O>, "priority" | "needs" | "affinity">,
    signal: AbortSignal,
  ): Promise<Member<I, O>> {
    if (this.#queue.size >= this.#maxWaiting)
      throw new OverloadedError(`The ${this.role} pool`, this.#maxWaiting);
    const { promise, resolve, reject } = Promise.withResolvers<Member<I, O>>();
    const waiting = { ...call, since: this.#clock.now(), give: resolve, refuse: reject };
    const onAbort = {
      handleEvent: (): void => {
        if (this.#queue.remove(waiting)) reject(signal.reason);
        this.#tellWaiters();
      },
    };
    this.#queue.add(waiting);
    for (const grace of this.#graces) grace.ref();
    listen(signal, onAbort);
    try {
      return await promise;
    } finally {
      unlisten(signal, onAbort);
    }
  }

  /** Gives waiting calls to members that can take them. @param options.isSlotOnly Nothing but a slot has become free: look no further when it is taken. */
  #dispatch(options: { readonly isSlotOnly?: boolean } = {}): void {
    // What happens while calls are given out (members start, or fail to) is seen by one more round.
    this.#rounds += 1;
    if (this.#rounds > 1) return;
    for (let round = 0; round < this.#rounds; round += 1) {
      for (const call of this.#queue.size > 0 ? this.#queue.inTurn() : []) {
        if (options.isSlotOnly && this.#rounds === 1 && !this.#crew.hasRoom) break;
        this.#serve(call);
      }
    }
    this.#rounds = 0;
    this.#tellWaiters();
  }

  #serve(call: Waiting<I, O>): void {
    try {
      const member = this.#crew.claim(call.needs, call.affinity, this.#queue.size);
      if (!member) return;
      this.#busy += 1;
      this.#queue.remove(call);
      call.give(member);
    } catch (error) {
      this.#queue.remove(call);
      call.refuse(error);
    }
  }

  /** Those who wait for room, and who waits for the end. */
  #tellWaiters(): void {
    if (this.#room && !this.isFull) {
      this.#room.resolve();
      this.#room = undefined;
    }
    if (this.#busy === 0 && this.#queue.size === 0) this.#idle?.resolve();
  }

  #checked(output: O): O {
    const checked = this.#crew.first.output.safeParse(output);
    if (!checked.success) throw new AgentError(this.role, "output", checked.error);
    return checked.data;
  }

  #lateReason(beganAt: number): Error {
    const lateMs = this.#clock.now() - beganAt - this.#timeoutMs;
    return lateMs > stallMs
      ? new StalledError(this.role, lateMs)
      : new TimeoutError(`The ${this.role}`, this.#timeoutMs);
  }

  #failure(error: unknown): unknown {
    this.#failed += 1;
    this.#events.emit({ type: "agent-failed", role: this.role, error: messageOf(error) });
    return error;
  }
}
