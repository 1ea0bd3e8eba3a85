import { stopWords } from "../text/stop-words.ts";

/** Another wording of a question: a part of it, keywords, a paraphrase, a made-up answer. */
export interface Wording {
  readonly text: string;
  /** 0 to 1, beside 1 for the question itself. */
  readonly weight: number;
}

/**
 * Wordings that rules make, by name, as measured with the shipped embedder on two collections of abstracts and two manuals
 * (nDCG@10, 90 % interval): `sentences` +.024 [.013, .035] where queries are long and +.002 [-.008, .014] where some are,
 * nothing to split in questions of one sentence; `keywords` and `statement` between -.005 and +.011, neither sure;
 * `identifiers` +.001 where there are any.
 */
export const variantNames = ["sentences", "keywords", "statement", "identifiers", "phrases"] as const;
export type VariantName = (typeof variantNames)[number];

/** Of each wording by rule; its weight was of little account between .3 and .6. */
const ruleWeight = 0.3;
/** Each costs an embedding and a search. */
const mostVariants = 6;
/** A sentence with fewer words that matter ("Give definitions where possible.") leads away. */
const leastContentWords = 4;

/** Other wordings of a question by these rules, each once, the question itself left out. */
export function variantsOf(question: string, names: readonly VariantName[]): Wording[] {
  const made = names.flatMap((name) => rules[name](question.trim())).map((text) => text.trim());
  return [...new Set(made)]
    .filter((text) => text !== "" && text !== question.trim())
    .slice(0, mostVariants)
    .map((text) => ({ text, weight: ruleWeight }));
}

const rules: Readonly<Record<VariantName, (question: string) => readonly string[]>> = {
  /** What is asked in several sentences, sentence by sentence. */
  sentences(question) {
    const telling = question
      .split(/(?<=[.?!;])\s+/u)
      .filter((sentence) => contentWords(sentence).length >= leastContentWords);
    return telling.length > 1 ? telling : [];
  },
  /** Without stop words, for the vectors: BM25 leaves them out anyway. */
  keywords: (question) => [contentWords(question).join(" ")],
  /** As an answer might begin. */
  statement(question) {
    const asked = question.replace(/\s*\?+$/u, "");
    const form = statementForms.find(({ asks }) => asks.test(asked));
    return form && !asked.includes("?") ? [asked.replace(form.asks, form.says)] : [];
  },
  /** `DocumentRoot` as "Document Root"; the analyzer parts `max_connections` itself. */
  identifiers: (question) => [question.replace(/(?<=[\p{Ll}\d])(?=\p{Lu})/gu, " ")],
  /** What stands in quotation marks. */
  phrases: (question) => [...question.matchAll(/["“]([^"”]{3,})["”]/gu)].map(([, phrase = ""]) => phrase),
};

const statementForms: readonly { readonly asks: RegExp; readonly says: string }[] = [
  { asks: /^how (?:(?:can|do|does|should|could|would|must) (?:i|you|we|one)|to) (.+)$/iu, says: "To $1" },
  { asks: /^(?:what|who|where) (?:is|are|was|were) (.+)$/iu, says: "$1 is" },
  { asks: /^(?:what|which) (.+)$/iu, says: "The $1" },
  { asks: /^why (?:does|do|did|is|are|should|can|must|would) (.+)$/iu, says: "$1 because" },
  { asks: /^how (?:many|much) (.+)$/iu, says: "The number of $1" },
  { asks: /^(?:when|how|can|could|does|do|is|are|will|should|may) (.+)$/iu, says: "$1" },
];

function contentWords(text: string): string[] {
  const words = text.match(/[\p{L}\p{N}][\p{L}\p{N}_.'-]*/gu) ?? [];
  return words
    .map((word) => word.replace(/[.'-]+$/u, ""))
    .filter((word) => !stopWords.has(word.toLowerCase()));
}
