import { sentenceRanges } from "../rag/text/sentences.ts";

/** A sentence as a model wrote it, with the numbers of the passages it says it rests on. */
export interface DraftSentence {
  readonly text: string;
  readonly cited: readonly number[];
}

/** "[2]", "[1, 3]", "[1-3]", "[^2]", "【2†source】" */
const mark = /[[【]\s*\^?[1-9]\d{0,2}(?:\s*(?:,|;|-|–|and)\s*\^?[1-9]\d{0,2})*\s*(?:†[^\]】\n]*)?[\]】]/gu;
/** A mark that is still being written. */
const openMark = /[[【][^\]】\n]{0,30}$/u;
/** Marks behind the full stop belong before it. */
const lateMarks = new RegExp(`([.!?…。！？]["'”’)]*)[ \\t]*((?:${mark.source}[ \\t]*)+)`, "gu");
/** Signs that begin a line of a list or a heading. */
const lineStart = /^\s*(?:[-*•·#>]+\s+|\d{1,2}[.)]\s+)/u;
/** A full stop behind a whole word or a mark ends a sentence, though a small letter follows: names in code begin with one. */
const plainStop = /(?<=(?:\p{L}{4}|[\]】])[.!?])\s+(?=\p{Ll})/u;
/** What a model thinks aloud before it answers. */
const thinking = { start: "<think>", end: "</think>" };

/** Cuts what a model writes, piece by piece, into sentences with their citations, however they are set. */
export class SentenceReader {
  #text = "";
  #isThinkingOver = false;

  /** The sentences that are complete with this piece: what comes next cannot add to them. */
  push(piece: string): DraftSentence[] {
    this.#text += piece;
    if (!this.#skipThinking()) return [];
    const open = openMark.exec(this.#text)?.index ?? this.#text.length;
    const text = this.#text.slice(0, open).replace(lateMarks, "$2$1 ");
    const lastLine = text.lastIndexOf("\n") + 1;
    const ranges = sentenceRanges(text, lastLine);
    const from = ranges.at(-1)?.start ?? lastLine;
    this.#text = text.slice(from) + this.#text.slice(open);
    return readSentences(text.slice(0, from));
  }

  /** What is left when nothing more comes. */
  end(): DraftSentence[] {
    const isCutOff = !this.#skipThinking();
    const text = this.#text.replace(lateMarks, "$2$1 ");
    this.#text = "";
    return isCutOff ? [] : readSentences(text);
  }

  /** @returns False while it thinks, or may be about to. */
  #skipThinking(): boolean {
    if (this.#isThinkingOver) return true;
    const text = this.#text.trimStart();
    if (text.length < thinking.start.length && thinking.start.startsWith(text)) return false;
    if (text.startsWith(thinking.start)) {
      const end = text.indexOf(thinking.end);
      if (end < 0) return false;
      this.#text = text.slice(end + thinking.end.length);
    }
    this.#isThinkingOver = true;
    return true;
  }
}

function readSentences(text: string): DraftSentence[] {
  return text
    .split("\n")
    .map((line) => line.replace(lineStart, ""))
    .flatMap((line) => sentenceRanges(line).map(({ start, end }) => line.slice(start, end)))
    .flatMap((sentence) => sentence.split(plainStop))
    .map((sentence) => ({
      text: sentence
        .replace(mark, "")
        .replace(/\s+/g, " ")
        .replace(/ (?=[.,;:!?])/g, "")
        .trim(),
      cited: [...new Set([...sentence.matchAll(mark)].flatMap(([numbers]) => numbersOf(numbers)))],
    }))
    .filter((sentence) => /[\p{L}\p{N}]/u.test(sentence.text));
}

/** "[1-3]" says 1, 2 and 3. */
function numbersOf(marked: string): number[] {
  const inside = marked.replace(/†.*$/su, "");
  return [...inside.matchAll(/(\d+)(?:\s*[-–]\s*\^?(\d+))?/gu)].flatMap(([, first, last]) => {
    const from = Number(first);
    const to = Math.min(Number(last ?? first), from + 9);
    return Array.from({ length: Math.max(0, to - from) + 1 }, (_, index) => from + index);
  });
}
