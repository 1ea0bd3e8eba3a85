/** The vectors of a text's word pieces, each in the light of the whole text. */
export interface TokenVectors {
  /** Where each part of the text ends, in rows: part `i` has the rows from `ends[i - 1]`, or 0, up to `ends[i]`. */
  readonly ends: readonly number[];
  /** A row a word piece, each `dimensions` long and of L2 norm 1, end to end. */
  readonly rows: Float32Array;
}

/** Texts to vectors. One file in `embedders/` each. */
export interface Embedder extends AsyncDisposable {
  /** Names model and weights; vectors of different ids never meet. */
  readonly id: string;
  readonly dimensions: number;
  /** Longer texts are cut by the model. */
  readonly maxTokens: number;
  /**
   * True once its vectors were checked against known ones, which happens at first use: fusion then trusts it with half
   * of the weight. False means unknown strength, or nothing embedded yet.
   */
  readonly isProven: boolean;
  /** Whether that says something of this text: its script is one of those that were checked. Absent: of any text. */
  isProvenOn?(text: string): boolean;
  /** How many calls it works on at the same time; callers keep about twice as many under way. */
  readonly concurrency: number;
  /** Texts a call that suit it; more are split inside. */
  readonly batchSize: number;
  /**
   * @returns One row a text, each `dimensions` long, L2 norm 1, a function of its text alone.
   * @throws The signal's reason when aborted.
   * @throws {MissingError} When what it runs on is not installed; the message says what to install.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** A question's vector, ahead of the texts that wait, for models that tell questions from passages too. Absent: `embed` does. */
  embedQuery?(query: string, signal?: AbortSignal): Promise<Float32Array>;
  /**
   * What late interaction compares, from models that show it.
   * @param texts Each in parts that follow one another; what goes beyond `maxTokens` has no rows.
   * @returns One a text, in their order.
   * @throws The signal's reason when aborted.
   */
  embedTokens?(texts: readonly (readonly string[])[], signal?: AbortSignal): Promise<TokenVectors[]>;
  /** Whether its model has a word, in small letters, as one piece: such a word is no slip of the keys. Absent: it cannot tell. */
  knowsWord?(word: string): Promise<boolean>;
  /** From now on it lets everything else on the machine go first. Called by those with more texts than anybody waits for. */
  yieldProcessor?(): void;
}
