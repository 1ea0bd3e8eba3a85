/** What became of tasks: ids of those that ended, kinds in which one ended, kinds in which one may be taken. */
export interface News {
  readonly ended: readonly number[];
  readonly endedKinds: ReadonlySet<string>;
  readonly readyKinds: ReadonlySet<string>;
}

/**
 * Gathers what a transaction does to tasks, and tells it once the transaction is over, whoever began it: transactions
 * never wait for anything, so a microtask comes after them. Of one that was undone it tells too: who hears looks again.
 */
export class TaskNews {
  readonly #onNews: (news: News) => void;
  #ended: number[] = [];
  #endedKinds = new Set<string>();
  #readyKinds = new Set<string>();
  #isTold = false;

  constructor(onNews: (news: News) => void) {
    this.#onNews = onNews;
  }

  ended(id: number, kind: string): void {
    this.#ended.push(id);
    this.#endedKinds.add(kind);
    this.#tell();
  }

  ready(kind: string): void {
    this.#readyKinds.add(kind);
    this.#tell();
  }

  #tell(): void {
    if (this.#isTold) return;
    this.#isTold = true;
    queueMicrotask(() => {
      const news = { ended: this.#ended, endedKinds: this.#endedKinds, readyKinds: this.#readyKinds };
      this.#ended = [];
      this.#endedKinds = new Set();
      this.#readyKinds = new Set();
      this.#isTold = false;
      this.#onNews(news);
    });
  }
}
