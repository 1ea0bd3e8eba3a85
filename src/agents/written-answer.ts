import type { Answer, Citation } from "../rag/answering/answer.ts";
import type { Correction } from "../rag/retrieval/retrieve.ts";

/** A sentence of an answer, with the places among its citations, from 1, that bear it out. */
export interface AnswerSentence {
  readonly text: string;
  readonly numbers: readonly number[];
}

/** An answer; where a model wrote it, sentence by sentence. */
export interface WrittenAnswer extends Answer {
  /** Absent where the quotes are the answer. */
  readonly sentences?: readonly AnswerSentence[];
  /** Words of the question that the pages write otherwise, and that were searched for so; absent where there are none. */
  readonly corrections?: readonly Correction[];
}

/** A sentence with its marks, as in "A lamp holds 2 litres. [1]". */
export function withMarks({ text, numbers }: AnswerSentence): string {
  return `${text} ${numbers.map((number) => `[${number}]`).join("")}`;
}

/** The text of an answer: its sentences with their marks, else what it says. @param offset Citations that stand before its own. */
export function textOf({ sentences, answer }: WrittenAnswer, offset = 0): string {
  return sentences ? sentences.map((sentence) => withMarks(shifted(sentence, offset))).join(" ") : answer;
}

/** Numbers its citations behind others. */
export function shifted({ text, numbers }: AnswerSentence, offset: number): AnswerSentence {
  return { text, numbers: numbers.map((number) => number + offset) };
}

/** Citations as sentences come to use them, each span once, numbered from 1. */
export class CitationList {
  readonly citations: Citation[] = [];

  /** The number of a citation; it gets one when it is new. */
  add(citation: Citation): number {
    const known = this.citations.findIndex((other) => isSameSpan(citation, other));
    return known >= 0 ? known + 1 : this.citations.push(citation);
  }
}

/** Whether two citations quote the same run of the same page. */
export function isSameSpan(one: Citation, other: Citation): boolean {
  return one.url === other.url && one.start === other.start && one.end === other.end;
}

/** Keeps the sentences that still have a citation once those that fail `isSound` are gone, numbered anew; undefined when none has. */
export function withoutUnsound(
  answer: WrittenAnswer,
  isSound: (citation: Citation) => boolean,
): WrittenAnswer | undefined {
  const list = new CitationList();
  const sentences = (answer.sentences ?? []).flatMap(({ text, numbers }) => {
    const sound = numbers.flatMap((number) => answer.citations[number - 1] ?? []).filter(isSound);
    return sound.length > 0 ? [{ text, numbers: sound.map((citation) => list.add(citation)) }] : [];
  });
  if (sentences.length === 0) return undefined;
  const kept = { ...answer, citations: list.citations, sentences };
  return { ...kept, answer: textOf(kept) };
}
