import type { Clock } from "../../clock.ts";
import { endsWithin, within } from "../../deadline.ts";
import { messageOf } from "../../errors.ts";
import type { EventStream } from "../../events.ts";
import type { Agent } from "../agent.ts";
import { Member } from "./member.ts";
import { DegradedError, UnroutableError } from "./pool-errors.ts";
import { RestartBudget } from "./restart-budget.ts";
import { type Select, type SelectionName, selections } from "./selection.ts";

/** What starting an agent in this process may take: a browser or a model behind it. */
const startTimeoutMs = 30_000;
const checkTimeoutMs = 5_000;
/** Calls in a row that threw something unexpected, before a member is replaced. */
const crashesToReplace = 3;

/** One stateless agent for all calls, or agents made as needed. */
export type AgentSource<I, O> =
  | { readonly agent: Agent<I, O> }
  /** Gives one agent for a place, from 0; what can fail belongs in its `start`. */
  | { readonly createAgent: (place: number) => Agent<I, O> };

/** Why a place is empty, and what its last agent left. */
interface Vacancy {
  readonly why: string;
  readonly cause: unknown;
  readonly left: unknown;
}

/** The members of a pool: started when there is work for them, chosen, replaced when they fail, drained when they are too many. */
export class Crew<I, O> {
  /** The agent that stands for all: its schemas and its role are the pool's. */
  readonly first: Agent<I, O>;
  readonly isShared: boolean;
  readonly #createAgent: (place: number) => Agent<I, O>;
  readonly #events: EventStream;
  readonly #clock: Clock;
  readonly #select: Select;
  readonly #needsAll: boolean;
  readonly #slots: number;
  readonly #graceMs: number;
  readonly #onRoom: () => void;
  readonly #closing = new AbortController();
  /** The latest member of each place. */
  readonly #members: Member<I, O>[] = [];
  readonly #leaving = new Set<Member<I, O>>();
  readonly #vacant = new Map<number, Vacancy>();
  readonly #restarts: RestartBudget;
  #size: number;

  /** @param deps.onRoom Called when a member can take work, or none ever will. */
  constructor(
    deps: {
      readonly source: AgentSource<I, O>;
      readonly events: EventStream;
      readonly clock: Clock;
      readonly random: () => number;
      readonly onRoom: () => void;
    },
    options: {
      readonly size: number;
      readonly slots: number;
      readonly selection: SelectionName;
      readonly graceMs: number;
    },
  ) {
    const { source } = deps;
    this.isShared = "agent" in source;
    this.first = "agent" in source ? source.agent : source.createAgent(0);
    let isFirst = true;
    this.#createAgent = (place) => {
      if ("agent" in source) return source.agent;
      if (!isFirst || place > 0) return source.createAgent(place);
      isFirst = false;
      return this.first;
    };
    this.#events = deps.events;
    this.#clock = deps.clock;
    this.#restarts = new RestartBudget(deps.clock);
    this.#onRoom = deps.onRoom;
    this.#select = selections[options.selection](deps.random);
    // A key belongs to a place whoever is there already.
    this.#needsAll = options.selection === "affinity";
    this.#size = options.size;
    this.#slots = options.slots;
    this.#graceMs = options.graceMs;
  }

  /** Calls that can run at once. */
  get slots(): number {
    return this.isShared ? this.#size : this.#size * this.#slots;
  }

  get size(): number {
    return this.#size;
  }

  get members(): readonly Member<I, O>[] {
    return [...this.#members, ...this.#leaving];
  }

  /** What each kind of its agents provides, as far as they have been made. */
  get offers(): readonly (readonly string[])[] {
    const kinds = new Map<string, readonly string[]>();
    for (const { provides = [] } of [this.first, ...this.#members.map((each) => each.agent)])
      kinds.set(provides.join("\n"), provides);
    return [...kinds.values()];
  }

  /** Why no member works, and from when on one is started again; undefined while one does. */
  get outage(): { readonly why: string; readonly retryAt: number } | undefined {
    const [vacancy] = this.#vacant.values();
    if (!vacancy || this.#vacant.size < this.#places) return undefined;
    return { why: vacancy.why, retryAt: this.#restarts.freeAt() };
  }

  /** Whether some call could get a member. */
  get hasRoom(): boolean {
    return (
      this.#vacant.size > 0 ||
      this.#members.length < this.#places ||
      this.#members.some((each) => each.isFree)
    );
  }

  /**
   * A member for one more call, which counts from now on; undefined when the call has to wait for one.
   * @param waiting Calls that wait, this one too.
   * @throws {UnroutableError} @throws {DegradedError} When waiting is of no use.
   */
  claim(needs: readonly string[], key: string | undefined, waiting: number): Member<I, O> | undefined {
    if (this.#vacant.size > 0) this.#refill();
    const member = this.#choose(needs, key) ?? this.#startFor(needs, key, waiting);
    if (member) member.take();
    else this.#checkHope(needs);
    return member;
  }

  /** Starts all members now: otherwise each starts when there is work for it. */
  startAll(): void {
    for (let place = this.#members.length; place < this.#places; place += 1) this.#start(place, undefined);
  }

  resize(size: number): void {
    this.#size = size;
    const [shared] = this.#members;
    if (this.isShared && shared) shared.capacity = size;
    for (const member of this.#members.splice(this.#places)) {
      this.#vacant.delete(member.place);
      if (!member.isUp) continue;
      member.drain();
      this.#leave(member);
    }
    this.#onRoom();
  }

  /** A call threw something that is not an answer: some of that in a row, and the agent is taken to be broken. */
  crashed(member: Member<I, O>, error: unknown): void {
    member.crashes += 1;
    if (this.isShared || member.crashes < crashesToReplace) return;
    this.#lose(member, `${member.crashes} calls in a row failed: ${messageOf(error)}`, error);
  }

  /** A call was called off and goes on none the less: its slot is free from now on, whenever it returns. */
  abandon(member: Member<I, O>, returned: Promise<unknown>): void {
    const why = `it went on for ${this.#graceMs} ms after it was called off`;
    if (this.isShared) {
      const { role, name } = { role: member.agent.role, name: member.name };
      this.#events.emit({ type: "agent-isolated", role, member: name, why });
    } else this.#lose(member, why, undefined);
    member.abandon(returned);
  }

  /** Asks the idle members whether they can work, and replaces those that cannot. */
  async check(): Promise<void> {
    this.#refill();
    const idle = this.#members.filter(({ state }) => state === "idle");
    await Promise.all(
      idle.map(async (member) => {
        try {
          const ask = async (signal: AbortSignal): Promise<void> => member.agent.check?.(signal);
          await within(`Checking ${member.name}`, checkTimeoutMs, this.#closing.signal, ask);
        } catch (error) {
          if (this.#closing.signal.aborted) return;
          this.#lose(member, `its check failed: ${messageOf(error)}`, error);
        }
      }),
    );
  }

  /** Drains and stops all members. */
  async close(): Promise<void> {
    this.#closing.abort(new Error("The pool was closed."));
    const wasUsed = this.#members.length > 0;
    for (const member of this.#members.splice(0)) {
      if (!member.isUp) continue;
      member.drain();
      this.#leave(member);
    }
    await Promise.all([...this.#leaving].map((member) => this.#stop(member)));
    const stop = async (): Promise<void> => this.first.stop?.();
    if (this.isShared && wasUsed && this.first.stop) await endsWithin(stop(), this.#graceMs);
  }

  /** Places for members. */
  get #places(): number {
    return this.isShared ? 1 : this.#size;
  }

  #choose(needs: readonly string[], key: string | undefined): Member<I, O> | undefined {
    const [only] = this.#members;
    if (this.#members.length === 1 && only && !this.#needsAll)
      return only.isFree && only.canDo(needs) ? only : undefined;
    if (this.#needsAll) this.startAll();
    return this.#select(
      this.#members.filter((each) => each.isUp && each.canDo(needs)),
      key,
    );
  }

  /** Starts members until there is one for the call, or enough are starting for all that wait. */
  #startFor(needs: readonly string[], key: string | undefined, waiting: number): Member<I, O> | undefined {
    while (this.#members.length < this.#places) {
      const starting = this.#members.filter((each) => each.state === "starting" && each.canDo(needs));
      if (starting.length >= waiting) return undefined;
      const member = this.#start(this.#members.length, undefined);
      if (member.canDo(needs)) return this.#choose(needs, key);
    }
    return undefined;
  }

  #start(place: number, left: unknown): Member<I, O> {
    const member = new Member(this.#createAgent(place), place, this.isShared ? this.#size : this.#slots);
    this.#members[place] = member;
    if (member.isReady) member.ready();
    else void this.#bringUp(member, left);
    return member;
  }

  async #bringUp(member: Member<I, O>, left: unknown): Promise<void> {
    const startedAt = this.#clock.now();
    try {
      await member.start(startTimeoutMs, this.#closing.signal, left);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#lose(member, `it did not start: ${messageOf(error)}`, error);
      return;
    }
    if (member.state !== "idle") return; // not wanted any more
    const { role } = this.first;
    const ms = this.#clock.now() - startedAt;
    this.#events.emit({ type: "agent-started", role, member: member.name, ms });
    this.#onRoom();
  }

  /** A member failed: it gets no more work, and its place goes to another. */
  #lose(member: Member<I, O>, why: string, cause: unknown): void {
    if (member.state === "unhealthy" || member.state === "stopped") return;
    member.isolate();
    this.#leave(member);
    this.#events.emit({ type: "agent-isolated", role: this.first.role, member: member.name, why });
    if (this.#members[member.place] !== member) return; // drained already: nobody follows it
    this.#vacant.set(member.place, { why, cause, left: handedOverBy(member.agent) });
    this.#refill();
    this.#onRoom();
  }

  /** Gives empty places new members, as many as the restart budget allows. */
  #refill(): void {
    for (const [place, { why, left }] of this.#vacant) {
      if (!this.#restarts.take()) return;
      this.#vacant.delete(place);
      try {
        const member = this.#start(place, left);
        this.#events.emit({ type: "agent-replaced", role: this.first.role, member: member.name, why });
      } catch (cause) {
        this.#vacant.set(place, { why: `none could be made: ${messageOf(cause)}`, cause, left });
      }
    }
  }

  #leave(member: Member<I, O>): void {
    this.#leaving.add(member);
    void this.#stop(member).finally(() => this.#leaving.delete(member));
  }

  /** A shared agent outlives its members. */
  #stop(member: Member<I, O>): Promise<void> {
    return member.stop(this.#graceMs, { isKept: this.isShared });
  }

  /** @throws When no member will ever take a call with these needs, as things stand. */
  #checkHope(needs: readonly string[]): void {
    const able = this.#members.filter((each) => each.canDo(needs));
    if (able.length === 0) throw new UnroutableError(this.first.role, needs, this.offers);
    if (able.some((each) => each.isUp)) return;
    const vacancy = this.#vacant.get(able.find(({ place }) => this.#vacant.has(place))?.place ?? -1);
    const why = vacancy?.why ?? "all failed";
    throw new DegradedError(this.first.role, why, this.#restarts.freeAt(), this.#clock.now(), vacancy?.cause);
  }
}

/** An agent that failed may fail at this too; then its replacement starts afresh. */
function handedOverBy<I, O>(agent: Agent<I, O>): unknown {
  try {
    return agent.handOver?.();
  } catch {
    return undefined;
  }
}
