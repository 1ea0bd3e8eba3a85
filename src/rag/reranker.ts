/** Reads question and passage together and says how well they fit: slower and often better than joining rankings. One file in `rerankers/` each. */
export interface Reranker extends AsyncDisposable {
  /** Names model and weights. */
  readonly id: string;
  /**
   * @returns A score a text, in their order: a logit, 0 where it is in two minds.
   * @throws The signal's reason when aborted.
   * @throws {MissingError} When what it runs on is not installed.
   */
  score(query: string, texts: readonly string[], signal?: AbortSignal): Promise<readonly number[]>;
}
