import type { Worker } from "node:worker_threads";
import type { RunContext } from "../../src/context.ts";
import type { Agent } from "../../src/coordination/agent.ts";

/** What an agent does with a call. */
export type Deed =
  | "works"
  /** Throws, and may do better the next time. */
  | "throws"
  /** Does the work, then throws it away. */
  | "throws afterwards"
  | "throws always"
  /** Never settles and does not listen. */
  | "hangs"
  /** Works only after it was called off. */
  | "comes back late"
  /** Works, and keeps memory and listeners. */
  | "leaks"
  | "answers badly";

/** How many calls of a role get which deed, of one. */
export type Shares = Readonly<Record<string, Readonly<Partial<Record<Deed, number>>>>>;

/** Deeds that stay with a page, so that none of its tries gets by. */
const lasting: ReadonlySet<Deed> = new Set<Deed>(["throws always", "hangs", "comes back late"]);
const leakBytes = 512 * 1024;

/** Breaks agents on purpose. What it does to a page is a function of seed, role, page and try: a run can be repeated. */
export class Faults {
  /** What was done to each page on purpose, by its address. */
  readonly done = new Map<string, Deed[]>();
  /** Pages that were under way while the event loop stood still. */
  readonly frozen = new Set<string>();
  /** Of each exception or exit, how many calls that began after it failed before one was served. */
  readonly recoveries: number[] = [];
  readonly #seed: number;
  readonly #shares: Shares;
  readonly #block: { readonly atCall: number; readonly ms: number } | undefined;
  readonly #spared: (url: string) => boolean;
  readonly #tries = new Map<string, number>();
  readonly #underWay = new Set<string>();
  #broken: { readonly role: string; readonly at: number; failed: number }[] = [];
  #calls = 0;
  /** Starts and breakdowns so far: their order. */
  #turns = 0;

  constructor(options: {
    readonly seed: number;
    readonly shares: Shares;
    /** Pages that nothing is done to. */
    readonly spared: (url: string) => boolean;
    /** Stops the event loop once, in the so-manieth call of a researcher. */
    readonly block?: { readonly atCall: number; readonly ms: number };
  }) {
    this.#seed = options.seed;
    this.#shares = options.shares;
    this.#spared = options.spared;
    this.#block = options.block;
  }

  /** Stands between an agent and its callers. */
  readonly wrapAgent = <I, O>(agent: Agent<I, O>): Agent<I, O> => ({
    role: agent.role,
    input: agent.input,
    output: agent.output,
    run: (input, context) => this.#run(agent, input, context),
  });

  /** Ends reading threads while they work, the so-manieth call each. */
  endThreads(threads: ReadonlySet<Worker>): void {
    const [thread] = threads;
    if (!thread) return;
    this.#breakDown("extractor");
    void thread.terminate();
  }

  async #run<I, O>(agent: Agent<I, O>, input: I, context: RunContext): Promise<O> {
    const url = addressOf(input);
    const { role } = agent;
    if (url === undefined || !this.#shares[role]) return await agent.run(input, context);
    const deed = this.#choose(role, url);
    if (deed !== "works") this.done.set(url, [...(this.done.get(url) ?? []), deed]);
    const startedAt = (this.#turns += 1);
    this.#underWay.add(url);
    try {
      if (role === "researcher") this.#maybeBlock();
      const output = await perform(deed, agent, input, context);
      this.#served(role, startedAt);
      return output;
    } catch (error) {
      if (!context.signal.aborted) {
        // One that was broken on purpose says nothing of whether an earlier breakdown is over.
        if (deed === "works") {
          for (const each of this.#broken) if (each.role === role && each.at < startedAt) each.failed += 1;
        }
        this.#breakDown(role);
      }
      throw error;
    } finally {
      this.#underWay.delete(url);
    }
  }

  #choose(role: string, url: string): Deed {
    if (this.#spared(url)) return "works";
    const { pathname, search } = new URL(url);
    const key = `${this.#seed} ${role} ${pathname}${search}`;
    const nth = (this.#tries.get(key) ?? 0) + 1;
    this.#tries.set(key, nth);
    const shares = Object.entries(this.#shares[role] ?? {}) as [Deed, number][];
    const first = pick(shares, dice(key));
    if (nth === 1 || lasting.has(first)) return first;
    return pick(
      shares.filter(([deed]) => !lasting.has(deed)),
      dice(`${key} ${nth}`),
    );
  }

  #maybeBlock(): void {
    this.#calls += 1;
    if (this.#calls !== this.#block?.atCall) return;
    for (const url of this.#underWay) this.frozen.add(url);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, this.#block.ms); // nothing else gets a turn
    this.#broken = []; // a recovery is not counted across it
  }

  #breakDown(role: string): void {
    this.#broken.push({ role, at: (this.#turns += 1), failed: 0 });
  }

  /** A call that began at `startedAt` gave something. */
  #served(role: string, startedAt: number): void {
    const recovered = this.#broken.filter((each) => each.role === role && each.at < startedAt);
    if (recovered.length === 0) return;
    this.#broken = this.#broken.filter((each) => !recovered.includes(each));
    for (const { failed } of recovered) this.recoveries.push(failed);
  }
}

async function perform<I, O>(deed: Deed, agent: Agent<I, O>, input: I, context: RunContext): Promise<O> {
  switch (deed) {
    case "works":
      return await agent.run(input, context);
    case "throws":
    case "throws always":
      throw new TypeError(`chaos: the ${agent.role} ${deed}`);
    case "throws afterwards":
      await agent.run(input, context);
      throw new TypeError(`chaos: the ${agent.role} ${deed}`);
    case "hangs":
      return await new Promise<never>(() => {});
    case "comes back late":
      await new Promise((resolve) => context.signal.addEventListener("abort", resolve, { once: true }));
      throw new TypeError("chaos: too late");
    case "leaks": {
      const kept = new Uint8Array(leakBytes).fill(1);
      context.signal.addEventListener("abort", () => kept.fill(2));
      context.signal.addEventListener("abort", () => kept.fill(3));
      return await agent.run(input, context);
    }
    case "answers badly":
      return undefined as O;
  }
}

/** A researcher's errand, or the page that an extractor is given. */
function addressOf(input: unknown): string | undefined {
  if (typeof input !== "object" || input === null) return undefined;
  if ("requestedUrl" in input && typeof input.requestedUrl === "string") return input.requestedUrl;
  return "url" in input && typeof input.url === "string" ? input.url : undefined;
}

function pick(shares: readonly (readonly [Deed, number])[], thrown: number): Deed {
  let below = 0;
  for (const [deed, share] of shares) {
    below += share;
    if (thrown < below) return deed;
  }
  return "works";
}

/** A number from 0 to 1 that the text decides: FNV-1a, mixed as MurmurHash3 ends. */
export function dice(text: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
