/** A stream of numbers in [0, 1) that a seed decides. @see Tommy Ettinger, mulberry32, 2017. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const syllables = "ba be bo da de do ga go ka ko la le lo ma mi mo na ne ra ri sa so ta vo".split(" ");
const nameCount = syllables.length ** 4;

/** A made-up name of four syllables; different numbers below 331,776 give different names. */
export function nameOf(number: number, seed: number): string {
  // 7,919 is prime to 24 ** 4, so the step visits every name once before it comes round.
  let rest = (number * 7919 + seed * 104_729) % nameCount;
  let name = "";
  for (let place = 0; place < 4; place++) {
    name += syllables[rest % syllables.length];
    rest = Math.floor(rest / syllables.length);
  }
  return name.charAt(0).toUpperCase() + name.slice(1);
}

const words = {
  adjective: "spare|worn|primary|narrow|sealed|upstream|brass|calibrated|portable|damaged|heavy|quiet|coarse",
  noun: "valve|bearing|housing|gasket|sensor|cable|bracket|reservoir|shaft|coupling|regulator|fuse|filter|lever|gauge|manifold|nozzle|spring|terminal|washer",
  place:
    "inspection hatch|test bench|control room|rear panel|service tunnel|supply line|upper deck|store room|drain port|transfer case",
  verb: "holds|drives|protects|carries|limits|releases|guides|measures|supports|feeds|isolates|cools",
  manner:
    "slowly|without load|by hand|under pressure|once a shift|after each cold start|in dry air|at full flow",
  reason:
    "vibration loosens it over time|dust settles there first|the seal hardens in the cold|an older drawing shows it the wrong way round|a second operator has to confirm it|the warranty asks for a written record",
} as const;

type WordKind = keyof typeof words;

const patterns = [
  "The {adjective} {noun} {verb} the {noun} near the {place}.",
  "Check the {noun} {manner}, because {reason}.",
  "When the {adjective} {noun} is removed, the {noun} {verb} only part of the {noun}.",
  "Keep every {noun} away from the {place} and turn the {adjective} {noun} {manner}.",
  "A {adjective} {noun} is stored in the {place}, since {reason}.",
  "If the {noun} moves {manner}, the {adjective} {noun} has to be replaced.",
  "Each {noun} {verb} one {noun}, and the {adjective} {noun} {verb} the rest.",
  "Operators note the state of the {noun} at the {place}; {reason}.",
];

/** Prose, headings and cells out of one vocabulary. */
export class TextMaker {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A whole number from `least` up to, and not with, `below`. */
  number(least: number, below: number): number {
    return least + Math.floor(this.#random() * (below - least));
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.number(0, list.length)];
    if (item === undefined) throw new RangeError("Nothing to pick from.");
    return item;
  }

  word(kind: WordKind): string {
    return this.pick(words[kind].split("|"));
  }

  sentence(): string {
    const text = this.pick(patterns).replace(/\{(\w+)\}/g, (_, kind: WordKind) => this.word(kind));
    return text.charAt(0).toUpperCase() + text.slice(1);
  }

  paragraph(sentences = this.number(3, 8)): string {
    return Array.from({ length: sentences }, () => this.sentence()).join(" ");
  }

  heading(): string {
    return `The ${this.word("adjective")} ${this.word("noun")} and the ${this.word("place")}`;
  }
}
