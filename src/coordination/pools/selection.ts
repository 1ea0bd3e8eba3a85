/** What choosing among members goes by. */
export interface Candidate {
  /** Kept by whoever replaces it. */
  readonly place: number;
  /** Calls under way. */
  readonly load: number;
  readonly weight: number;
  /** Whether it can take one more now. */
  readonly isFree: boolean;
}

/** Chooses among members that can do the work; undefined when the call has to wait. */
export type Select = <C extends Candidate>(able: readonly C[], key: string | undefined) => C | undefined;

/** The ways of choosing, by name: what a member can do is a filter before all of them, and urgency orders calls, not members. */
export const selections = {
  /** Each in turn. */
  "round-robin": (): Select => {
    let last = -1;
    return (able) => {
      const free = able.filter((each) => each.isFree);
      const next = free.find((each) => each.place > last) ?? free[0];
      if (next) last = next.place;
      return next;
    };
  },
  /** Who has least to do; the first of equals. */
  "least-loaded": (): Select => leastLoaded,
  /** In turn, but as often as the weights say, and never in bursts: smooth weighted round-robin, as in nginx. */
  weighted: (): Select => {
    const credits = new Map<number, number>();
    return (able) => {
      const free = able.filter((each) => each.isFree);
      let best: (typeof free)[number] | undefined;
      let total = 0;
      for (const each of free) {
        total += each.weight;
        credits.set(each.place, credit(each) + each.weight);
        if (!best || credit(each) > credit(best)) best = each;
      }
      if (best) credits.set(best.place, credit(best) - total);
      return best;
    };
    function credit(each: Candidate): number {
      return credits.get(each.place) ?? 0;
    }
  },
  /**
   * The same key to the same member, who has its cookies and its parser; a call waits for it even when others are free.
   * When members come or go only their own keys move. Without a key: least loaded.
   * @see Thaler, Ravishankar: A name-based mapping scheme for rendezvous, 1996 (highest random weight).
   */
  affinity: (): Select => (able, key) => {
    if (key === undefined) return leastLoaded(able, key);
    const hash = hashOf(key);
    let best = able[0];
    for (const each of able) if (best && mix(hash, each.place) > mix(hash, best.place)) best = each;
    return best?.isFree ? best : undefined;
  },
  /**
   * The less loaded of two taken at random: nearly as even as looking at all of them, without a herd.
   * @see Mitzenmacher: The power of two choices in randomized load balancing, 1996.
   */
  "random-two-choices": (random: () => number): Select => {
    return (able) => {
      const free = able.filter((each) => each.isFree);
      const one = free[Math.floor(random() * free.length)];
      // Another than the first: drawn from the rest.
      const rest = free.filter((each) => each !== one);
      const two = rest[Math.floor(random() * rest.length)];
      return one && two && two.load < one.load ? two : one;
    };
  },
} satisfies Record<string, (random: () => number) => Select>;

export type SelectionName = keyof typeof selections;

const leastLoaded: Select = (able) => {
  let best: (typeof able)[number] | undefined;
  for (const each of able) if (each.isFree && (!best || each.load < best.load)) best = each;
  return best;
};

/** FNV-1a, 32 bits. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1)
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
}

/** The key's score at a place: murmur3's finalizer, so that neighbouring places score unrelated. */
function mix(hash: number, place: number): number {
  let mixed = hash ^ Math.imul(place + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
