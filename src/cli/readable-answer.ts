import { visible } from "../agents/prompt-data.ts";
import type { Citation } from "../rag/answering/answer.ts";
import { quotedText } from "../rag/answering/quoted-text.ts";

/** How a value within a quote is set off. */
export type Emphasis = (value: string) => string;

interface Paragraph {
  readonly text: string;
  readonly isQuote: boolean;
}

/**
 * An answer as people read it: what is nothing but quotes stands as on its page, lines of code and all, each with its number;
 * what was written stays as it is.
 * @returns Also whether every citation can be read in it whole, so that none has to be shown again.
 */
export function readableAnswer(
  { answer, citations }: { readonly answer: string; readonly citations: readonly Citation[] },
  emphasise: Emphasis,
): { readonly text: string; readonly isEveryQuoteIn: boolean } {
  const paragraphs = answer.split("\n").flatMap((line): Paragraph[] => {
    const range = quotesOf(line, citations);
    return range
      ? citations.slice(...range).map((citation, index) => ({
          text: `${setOut(citation, emphasise)} [${range[0] + index + 1}]`,
          isQuote: true,
        }))
      : [{ text: visible(line), isQuote: false }];
  });
  return {
    text: paragraphs.reduce((text, { text: next }, index) => text + gapBefore(paragraphs, index) + next, ""),
    isEveryQuoteIn: paragraphs.filter(({ isQuote }) => isQuote).length === citations.length,
  };
}

/** From where to where the citations stand that make up a line; undefined when none do. */
function quotesOf(line: string, citations: readonly Citation[]): [from: number, to: number] | undefined {
  for (const from of citations.keys())
    for (let to = from + 1; to <= citations.length; to++)
      if (quotedText(citations.slice(from, to)) === line) return [from, to];
  return undefined;
}

function gapBefore(paragraphs: readonly Paragraph[], index: number): string {
  if (index === 0) return "";
  return paragraphs[index - 1]?.isQuote || paragraphs[index]?.isQuote ? "\n\n" : "\n";
}

function setOut({ quote, start, answer }: Citation, emphasise: Emphasis): string {
  if (!answer) return inLines(quote);
  const [from, to] = [answer.start - start, answer.end - start];
  return inLines(quote.slice(0, from)) + emphasise(inLines(quote.slice(from, to))) + inLines(quote.slice(to));
}

function inLines(text: string): string {
  return visible(text)
    .replace(/(?<![^\S\n])[^\S\n]+(?=\n)/gu, "")
    .replace(/\n{3,}/g, "\n\n");
}
