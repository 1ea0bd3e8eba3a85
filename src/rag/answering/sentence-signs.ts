/** What tells, beside the words of the question, whether a sentence answers it. One number each. */
export interface SentenceSigns {
  /** Mean support of all words of the question in the sentence; of its weighty words in sentence and heading. */
  readonly support: number;
  readonly supportInPlace: number;
  /** Share of the question's idf weight in the sentence; with its headings and what it is about; in the sentence before, beyond those. */
  readonly coverage: number;
  readonly coverageInPlace: number;
  readonly coverageBefore: number;
  /** Kinds of thing asked for that it holds, and that it lacks. */
  readonly kindsHeld: number;
  readonly kindsLacking: number;
  /** The joined score of its passage over that of the best passage. */
  readonly passageScore: number;
  /** ln(1 + distinct words that the question has not). */
  readonly news: number;
  /** 1 where it holds a digit; asks something itself; points elsewhere ("see", "the following"); is a line of code. */
  readonly hasDigit: number;
  readonly isQuestion: number;
  readonly pointsElsewhere: number;
  readonly isCode: number;
  /** How near the sentence before comes to the question, where that one asks something. */
  readonly afterQuestion: number;
  /** Where it is asked what something is or does, 1 where it says so, has it do something, or says that it is called so ... */
  readonly defines: number;
  readonly acts: number;
  readonly names: number;
  /** ... and where it is the first of a section on it. */
  readonly opensSubject: number;
}

export type Weights = Readonly<Partial<Record<keyof SentenceSigns, number>>>;
