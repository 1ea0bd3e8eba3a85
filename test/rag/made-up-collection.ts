import { createHash } from "node:crypto";
import type { Embedder } from "../../src/rag/embedder.ts";
import { HashingEmbedder } from "../../src/rag/embedders/hashing.ts";
import { seededRandom } from "../../src/rag/evaluation/seeded-random.ts";
import type { SmallPage } from "./small-index.ts";

/** A query, and the URLs of the pages that are about it. */
export interface MadeUpQuery {
  readonly text: string;
  readonly relevant: ReadonlySet<string>;
}

/** Pages and queries about concepts that each have three words: BM25 sees words, a good embedder concepts. */
export interface MadeUpCollection {
  readonly name: string;
  readonly pages: readonly SmallPage[];
  readonly queries: readonly MadeUpQuery[];
}

const forms = ["ba", "lo", "mi"] as const;

/** A page keeps to one word for a concept, as writers do. */
const writtenForm = (page: number, concept: number) => (page * 7 + concept * 3) % 3;

/**
 * @param shape.pagesPerTopic How many pages are relevant to a query.
 * @param shape.sameWord How likely a query has the very word of its page, 0 to 1.
 */
export function makeUpCollection(
  name: string,
  shape: {
    readonly topics: number;
    readonly pagesPerTopic: number;
    readonly passages: number;
    readonly sameWord: number;
    readonly seed: number;
  },
): MadeUpCollection {
  const random = seededRandom(shape.seed);
  const pick = (count: number) => Math.floor(random() * count);
  const word = (concept: number, form = pick(3)) => `k${concept}${forms[form]}`;
  // Common concepts are in every topic, as common words are: the square makes low numbers frequent.
  const common = () => Math.floor(random() ** 2 * 60);
  const pages: SmallPage[] = [];
  const queries: MadeUpQuery[] = [];
  for (let topic = 0; topic < shape.topics; topic += 1) {
    const own = Array.from({ length: 8 }, (_, at) => 100 + topic * 5 + at);
    const urls = new Set<string>();
    for (let page = 0; page < shape.pagesPerTopic; page += 1) {
      const number = pages.length;
      const sentence = () =>
        Array.from({ length: 14 }, () => {
          const concept = random() < 0.35 ? (own[pick(own.length)] ?? 0) : common();
          return word(concept, writtenForm(number, concept));
        }).join(" ");
      const url = `https://${name}.test/${number}`;
      urls.add(url);
      pages.push({
        url,
        title: [0, 1, 2].map((at) => word(own[at] ?? 0, writtenForm(number, own[at] ?? 0))).join(" "),
        passages: Array.from(
          { length: shape.passages },
          () => `K${sentence().slice(1)}. K${sentence().slice(1)}.`,
        ),
      });
    }
    const asked = [...own].sort(() => random() - 0.5).slice(0, 3);
    const text = asked.map((concept) =>
      random() < shape.sameWord ? word(concept, writtenForm(pages.length - 1, concept)) : word(concept),
    );
    queries.push({ text: [...text, word(common())].join(" "), relevant: urls });
  }
  return { name, pages, queries };
}

/** What an embedder of this kind sees of a text; only `good` knows that different words mean the same. */
export const embedderKinds = {
  good: (text: string) => text.toLowerCase().replace(/\b(k\d+)(?:ba|lo|mi)\b/gu, "$1"),
  noise: (text: string) => `x${createHash("sha256").update(text).digest("hex")}`,
  constant: () => "always the same",
  duplicated: (text: string) => `y${text.length % 2}`,
} as const;

/** A hashing embedder that sees of a text what it is told to. */
export class MadeUpEmbedder extends HashingEmbedder {
  override readonly id: string;
  readonly #map: (text: string) => string;
  readonly #ofQuestion: (vector: Float32Array) => Float32Array;

  /** @param ofQuestion What becomes of a question's vector. */
  constructor(
    id: string,
    map: (text: string) => string,
    ofQuestion: (vector: Float32Array) => Float32Array = (vector) => vector,
  ) {
    super({ dimensions: 128 });
    this.id = id;
    this.#map = map;
    this.#ofQuestion = ofQuestion;
  }

  override async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    const vectors = await super.embed(texts.map(this.#map), signal);
    // Passages have full stops, questions here have none.
    return vectors.map((vector, at) => (texts[at]?.includes(".") ? vector : this.#ofQuestion(vector)));
  }
}

/** Every embedder that must do no harm, by its name. */
export function badEmbedders(): Readonly<Record<string, Embedder>> {
  const { good, noise, constant, duplicated } = embedderKinds;
  return {
    noise: new MadeUpEmbedder("noise", noise),
    reversed: new MadeUpEmbedder("reversed", good, (vector) => vector.map((number) => -number)),
    constant: new MadeUpEmbedder("constant", constant),
    empty: new MadeUpEmbedder("empty", good, (vector) => vector.map(() => 0)),
    duplicated: new MadeUpEmbedder("duplicated", duplicated),
  };
}
