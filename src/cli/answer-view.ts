import { visible } from "../agents/prompt-data.ts";
import type { WrittenAnswer } from "../agents/written-answer.ts";
import type { ForagerEvent } from "../events.ts";
import type { Citation, Conflict } from "../rag/answering/answer.ts";
import { quotedText } from "../rag/answering/quoted-text.ts";
import { type Emphasis, readableAnswer } from "./readable-answer.ts";

/** Characters of a quote on a terminal: some three lines. */
const mostShown = 240;

/** An answer on a terminal: what a model writes as it comes, then what is left to say of it. */
export class AnswerView {
  readonly #write: (text: string) => void;
  readonly #emphasise: Emphasis;
  #shown = "";
  #part = 0;

  constructor(write: (text: string) => void, emphasise: Emphasis) {
    this.#write = write;
    this.#emphasise = emphasise;
  }

  add(event: ForagerEvent): void {
    // Quotes by themselves come all at once, and the whole answer with them.
    if (event.type !== "answer-sentence" || event.text === quotedText(event.sources)) return;
    const gap = this.#shown === "" ? "" : event.part === this.#part ? " " : "\n";
    this.#part = event.part;
    this.#show(gap + visible(event.text));
  }

  /** The rest of the answer and its quotes. One that turned out otherwise in its last check is shown again, whole. */
  end(answer: WrittenAnswer): void {
    const { text, isEveryQuoteIn } = readableAnswer(answer, this.#emphasise);
    const isAsShown = text.startsWith(this.#shown);
    this.#show(isAsShown ? text.slice(this.#shown.length) : `\n\nAfter a last check:\n${text}`);
    this.#write(`\n${describeSources(answer, isEveryQuoteIn)}`);
  }

  #show(text: string): void {
    this.#shown += text;
    this.#write(text);
  }
}

/** An answer for people: the text, how sure, and each quote under its address. */
export function describeAnswer(answer: WrittenAnswer): string {
  const { text, isEveryQuoteIn } = readableAnswer(answer, (value) => value);
  return `${text}\n${describeSources(answer, isEveryQuoteIn)}`;
}

function describeSources(
  { abstained, confidence, citations, conflicts, notes }: WrittenAnswer,
  isEveryQuoteIn: boolean,
): string {
  const heading = abstained ? "Nearest in the index:" : `Confidence ${Math.round(confidence * 100)} %, from:`;
  const sources = isEveryQuoteIn ? describePages(citations) : describeQuotes(citations);
  const disagreements = conflicts.flatMap(({ sides, chosen, by }) => [
    "Sources disagree:",
    ...sides.flatMap(({ value, citations }, index) => [
      `  ${onOneLine(value)}${index === chosen ? `  (the answer follows this: ${reasons[by]})` : ""}`,
      ...citations.map(({ quote, url }) => `      "${shortened(quote)}"\n      ${url}`),
    ]),
  ]);
  if (citations.length + disagreements.length + notes.length === 0) return "";
  return [
    "",
    ...(citations.length > 0 ? [heading, ...sources] : []),
    ...disagreements,
    ...notes.map((note) => `Note: ${onOneLine(note)}`),
    "",
  ].join("\n");
}

/** Each quote under its address. */
function describeQuotes(citations: readonly Citation[]): string[] {
  return citations.map(
    ({ title, url, quote }, index) =>
      `  [${index + 1}] ${visible(title)}\n      ${url}\n      "${shortened(quote)}"`,
  );
}

/** Each page once, with the numbers of its quotes. */
function describePages(citations: readonly Citation[]): string[] {
  const pages = Map.groupBy(citations, ({ url }) => url);
  return [...pages].map(([url, quotes]) => {
    const numbers = quotes.map((quote) => `[${citations.indexOf(quote) + 1}]`).join(" ");
    return `  ${numbers} ${visible(quotes[0]?.title ?? "")}\n      ${url}`;
  });
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
