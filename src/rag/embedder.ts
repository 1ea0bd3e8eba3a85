/** Texts to vectors. One file in `embedders/` each. */
export interface Embedder extends AsyncDisposable {
  /** Names model and weights; vectors of different ids never meet. */
  readonly id: string;
  readonly dimensions: number;
  /** Longer texts are cut by the model. */
  readonly maxTokens: number;
  /**
   * True when its vectors were checked against known ones at start: fusion then trusts it with half of the weight.
   * False means unknown strength.
   */
  readonly isProven: boolean;
  /** How many texts it works on at the same time; callers keep about twice as many under way. */
  readonly concurrency: number;
  /**
   * @returns One row a text, each `dimensions` long, L2 norm 1, a function of its text alone.
   * @throws The signal's reason when aborted.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
}
