import { sigmoid } from "../sigmoid.ts";

/** What tells whether a sentence answers. */
export interface AnswerSigns {
  /** Words of the question: the more it has, the more of them a page puts otherwise. */
  readonly words: number;
  /** Things that the question calls by name, and numbers that it gives, which no passage read does. */
  readonly missingNames: number;
  readonly missingNumbers: number;
  /** A year, an amount or a person is asked for, and the quote names none. */
  readonly lacksValue: boolean;
  /** A count of something, a length of time, a date, a cost or the like is asked for, and the quote does not tell it. */
  readonly lacksMeasure: boolean;
  /** It says what something is or does, and that is what was asked. */
  readonly tellsSubject: boolean;
  /** Share of the question's idf weight in the sentence's passage, and in all passages read together. */
  readonly passageCoverage: number;
  readonly foundCoverage: number;
  /** Where passages were compared by meaning. */
  readonly support?: SupportSigns;
}

/** How near words come to those of the question. */
export interface SupportSigns {
  /** The sentence to all of them. */
  readonly sentence: number;
  /** Its passage to the weighty ones, and to the one that it is farthest from. */
  readonly passage: number;
  readonly least: number;
}

/** What is weighed, each as a number: 1 for what is so. */
export type ConfidenceSign =
  | "sentence"
  | "passage"
  | "least"
  | "passageCoverage"
  | "foundCoverage"
  | "missingNames"
  | "missingNumbers"
  | "lacksValue"
  | "lacksMeasure"
  | "tellsSubject"
  | "length";

/** Weights of the signs, as logits. */
export type ConfidenceWeights = Partial<Record<ConfidenceSign, number>> & { readonly intercept: number };

/**
 * Where passages were compared by meaning. A logistic model (ridge 1 on standardised signs) of 463 questions on four manuals
 * (bench/fit-confidence.ts: apache, gnucash, postgresql, python): 248 that they answer, 103 on a subject that they have and
 * a fact that they lack, 112 on other subjects. Fitted to whether the manual answers, then brought to the share of quotes
 * that hold the answer (Platt): fitted to the quotes alone it tells near misses worse (AUC .917). Fitted on three manuals and tried on
 * the fourth (mean of four) the answerable stand above the near misses with AUC .930 and above other subjects with .991,
 * expected calibration error .09; at .25 it refuses 21 % of the answerable, 91 % of the near misses, 99 % of other subjects.
 * `tellsSubject` was fitted later, alone, on these and 128 plain questions: the answerable among the latter then stand above
 * their near misses with AUC .919 instead of .899.
 * @see Platt, Probabilistic Outputs for Support Vector Machines, 1999
 */
export const supportConfidence: ConfidenceWeights = {
  sentence: 4.1,
  passage: 3.11,
  least: 3.5,
  missingNames: -1.73,
  missingNumbers: -2.41,
  lacksValue: -1.16,
  lacksMeasure: -1.09,
  tellsSubject: 1.2,
  length: 1.25,
  intercept: -9.02,
};

/** The same by words alone: AUC .893 and .985, error .10; 30 %, 88 % and 98 % are refused. */
export const wordConfidence: ConfidenceWeights = {
  passageCoverage: 3.47,
  foundCoverage: 1.13,
  missingNames: -1.19,
  lacksValue: -0.73,
  lacksMeasure: -0.91,
  length: 1.23,
  intercept: -6.85,
};

/** The chance that the quote holds the answer. */
export function answerConfidence(signs: AnswerSigns): number {
  return weighedConfidence(weighedSigns(signs), signs.support ? supportConfidence : wordConfidence);
}

/** The signs as they are weighed; bench/fit-confidence.ts fits the weights to the same. */
export function weighedSigns({ support, ...signs }: AnswerSigns): Record<ConfidenceSign, number> {
  return {
    sentence: support?.sentence ?? 0,
    passage: support?.passage ?? 0,
    least: support?.least ?? 0,
    passageCoverage: signs.passageCoverage,
    foundCoverage: signs.foundCoverage,
    missingNames: signs.missingNames,
    missingNumbers: signs.missingNumbers,
    lacksValue: Number(signs.lacksValue),
    lacksMeasure: Number(signs.lacksMeasure),
    tellsSubject: Number(signs.tellsSubject),
    length: Math.log(Math.max(signs.words, 1)),
  };
}

/** What the weights make of the signs, 0 to 1. */
export function weighedConfidence(
  signs: Record<ConfidenceSign, number>,
  { intercept, ...weights }: ConfidenceWeights,
): number {
  const names = Object.keys(weights) as ConfidenceSign[];
  return sigmoid(names.reduce((sum, name) => sum + (weights[name] ?? 0) * signs[name], intercept));
}
