import type { ShownSentence } from "../agents/write-answer.ts";
import { type WrittenAnswer, shifted, withMarks } from "../agents/written-answer.ts";
import type { Citation } from "../rag/answering/answer.ts";

/** A sentence as it stands in the whole answer. */
export interface ToldSentence {
  /** With the marks of its citations where a model wrote it. */
  readonly text: string;
  /** Of its citations, in the whole answer. */
  readonly numbers: readonly number[];
  /** The part of the question it answers, from 0. */
  readonly part: number;
  readonly citations: readonly Citation[];
}

interface Part {
  readonly written: (ShownSentence & { readonly isQuoted?: boolean })[];
  told: number;
  answer?: WrittenAnswer;
}

/**
 * Tells the sentences of an answer in the order they will stand in, while its parts are written side by side: those of a
 * later part wait for the parts before it, whose citations come first.
 */
export class SentenceOrder {
  readonly #tell: (sentence: ToldSentence) => void;
  readonly #parts: Part[];
  #current = 0;
  #offset = 0;

  constructor(parts: number, tell: (sentence: ToldSentence) => void) {
    this.#parts = Array.from({ length: parts }, () => ({ written: [], told: 0 }));
    this.#tell = tell;
  }

  /** A sentence of a part stands. One that was shown before, by a try that failed later, is not shown again. */
  add(part: number, sentence: ShownSentence): void {
    const written = this.#parts[part]?.written;
    if (written?.every(({ text }) => text !== sentence.text)) written.push(sentence);
    this.#go();
  }

  /** A part is answered. An answer by quotes is told whole. */
  end(part: number, answer: WrittenAnswer): void {
    const state = this.#parts[part];
    if (!state) return;
    state.answer = answer;
    if (!answer.abstained && state.written.length === 0) {
      const numbers = answer.citations.map((_, index) => index + 1);
      state.written.push({ text: answer.answer, numbers, citations: answer.citations, isQuoted: true });
    }
    this.#go();
  }

  #go(): void {
    for (;;) {
      const state = this.#parts[this.#current];
      if (!state) return;
      for (const sentence of state.written.slice(state.told)) {
        const { text, numbers } = shifted(sentence, this.#offset);
        const { citations, isQuoted } = sentence;
        const marked = isQuoted ? text : withMarks({ text, numbers });
        this.#tell({ text: marked, numbers, citations, part: this.#current });
      }
      state.told = state.written.length;
      if (!state.answer) return;
      this.#offset += state.answer.abstained ? 0 : state.answer.citations.length;
      this.#current += 1;
    }
  }
}
