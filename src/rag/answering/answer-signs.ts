import { termsOf } from "../text/analyzer.ts";
import type { Candidate, ReadPassage } from "./answer-candidates.ts";
import type { AnswerSigns } from "./confidence.ts";
import type { Question } from "./question.ts";
import { lacksMeasure } from "./measures-asked.ts";
import { lacksValue, missingNumbers } from "./value-asked.ts";

/** What was found for a question, as far as confidence in a sentence stands on it. */
export type FoundSigns = Pick<AnswerSigns, "words" | "missingNames" | "missingNumbers" | "foundCoverage">;

/** A name may be written otherwise on a page; an identifier that is not there counts for two. */
const missingIdentifier = 2;

/** What confidence stands on that is the same for all sentences. */
export function foundSigns(question: Question, passages: readonly ReadPassage[]): FoundSigns {
  const texts = passages.map(({ hit: { chunk } }) => `${chunk.headingPath}\n${chunk.text}`);
  const found = new Set(texts.flatMap((text) => termsOf(text)));
  return {
    words: question.words.length,
    missingNames: question.namedThings
      .map(({ terms, literal }) => {
        if (literal) return texts.some((text) => literal.test(text)) ? 0 : missingIdentifier;
        return terms.every((term) => found.has(term)) ? 0 : 1;
      })
      .reduce<number>((sum, missing) => sum + missing, 0),
    missingNumbers: missingNumbers(question.text, texts),
    foundCoverage: question.coverage(found),
  };
}

/** What tells whether a quote answers, judged by its likeliest sentence. */
export function answerSigns(
  question: Question,
  found: FoundSigns,
  quote: string,
  { passageCoverage, support, signs }: Candidate,
): AnswerSigns {
  return {
    ...found,
    lacksValue: lacksValue(question.prose, quote),
    lacksMeasure: lacksMeasure(question.prose, quote),
    tellsSubject: signs.defines + signs.acts + signs.names > 0,
    passageCoverage,
    ...(support ? { support } : {}),
  };
}
