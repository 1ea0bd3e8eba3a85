import { visible } from "../agents/prompt-data.ts";
import type { WrittenAnswer } from "../agents/written-answer.ts";
import type { ForagerEvent } from "../events.ts";
import type { Conflict } from "../rag/answering/answer.ts";

/** Characters of a quote on a terminal: some three lines. */
const mostShown = 240;

/** An answer on a terminal: its sentences as they come, then what is left to say of it. */
export class AnswerView {
  readonly #write: (text: string) => void;
  #shown = "";
  #part = 0;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  add(event: ForagerEvent): void {
    if (event.type !== "answer-sentence") return;
    const gap = this.#shown === "" ? "" : event.part === this.#part ? " " : "\n";
    this.#part = event.part;
    this.#show(gap + event.text);
  }

  /** The rest of the answer and its quotes. One that turned out otherwise in its last check is shown again, whole. */
  end(answer: WrittenAnswer): void {
    const isAsShown = answer.answer.startsWith(this.#shown);
    this.#show(
      isAsShown ? answer.answer.slice(this.#shown.length) : `\n\nAfter a last check:\n${answer.answer}`,
    );
    this.#write(`\n${describeSources(answer)}`);
  }

  #show(text: string): void {
    this.#shown += text;
    this.#write(visible(text));
  }
}

/** An answer for people: the text, how sure, and each quote under its address. */
export function describeAnswer(answer: WrittenAnswer): string {
  return `${visible(answer.answer)}\n${describeSources(answer)}`;
}

function describeSources({ abstained, confidence, citations, conflicts, notes }: WrittenAnswer): string {
  const quotes = citations.map(
    ({ title, url, quote }, index) =>
      `  [${index + 1}] ${visible(title)}\n      ${url}\n      "${shortened(quote)}"`,
  );
  const heading = abstained ? "Nearest in the index:" : `Confidence ${Math.round(confidence * 100)} %, from:`;
  const disagreements = conflicts.flatMap(({ sides, chosen, by }) => [
    "Sources disagree:",
    ...sides.flatMap(({ value, citations }, index) => [
      `  ${onOneLine(value)}${index === chosen ? `  (the answer follows this: ${reasons[by]})` : ""}`,
      ...citations.map(({ quote, url }) => `      "${shortened(quote)}"\n      ${url}`),
    ]),
  ]);
  if (quotes.length + disagreements.length + notes.length === 0) return "";
  return [
    "",
    ...(quotes.length > 0 ? [heading, ...quotes] : []),
    ...disagreements,
    ...notes.map((note) => `Note: ${onOneLine(note)}`),
    "",
  ].join("\n");
}

/** Why an answer follows one side. */
const reasons: Readonly<Record<Conflict["by"], string>> = {
  confidence: "its source is the likeliest",
  majority: "more sites say so",
  newer: "it is the newest",
  arbitration: "the chat model decided so",
};

function onOneLine(text: string): string {
  return visible(text).replace(/\s+/g, " ").trim();
}

/** On one line, and cut at a word where that is long; the JSON has it whole. */
function shortened(quote: string): string {
  const line = onOneLine(quote);
  if (line.length <= mostShown) return line;
  const cut = line.slice(0, mostShown);
  const end = cut.search(/\s\S*$/u);
  // A text without spaces is cut between two characters, not within one.
  return `${end > mostShown / 2 ? cut.slice(0, end) : cut.replace(/[\uD800-\uDBFF]$/u, "")} …`;
}
