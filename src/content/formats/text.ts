import type { Block, ReadOutcome } from "../../document.ts";
import { decodeText } from "../charset.ts";
import type { DocumentFormat } from "../document-format.ts";
import { plainDocument } from "../plain-document.ts";
import { plainSignals } from "../signals.ts";

const maxTitle = 120;

/** Plain text: paragraphs end at empty lines, the first line is the title. */
export const textFormat: DocumentFormat = {
  name: "text",
  read(page, options): Promise<ReadOutcome> {
    const contentType = page.headers["content-type"] ?? "";
    const decoded = decodeText(page.body, { contentType, isUtf8: page.rendered, hasMeta: false });
    const { text, blocks } = paragraphs(decoded.text.slice(0, options.maxTextLength));
    const isTruncated = decoded.text.length > options.maxTextLength;
    return Promise.resolve({
      kind: "document",
      document: plainDocument({
        title: firstLine(text),
        text,
        blocks,
        markdown: text,
        format: "text",
        language: page.headers["content-language"],
      }),
      links: [],
      signals: plainSignals(text, page.headers, isTruncated),
    });
  },
};

/** A text as it stands, its line ends made one kind, with a block for each paragraph. */
export function paragraphs(source: string): { readonly text: string; readonly blocks: readonly Block[] } {
  const text = source.replace(/\r\n?/g, "\n").replaceAll("\u0000", "").toWellFormed().trim();
  const blocks: Block[] = [];
  const add = (from: number, to: number): void => {
    const run = text.slice(from, to);
    const end = from + run.trimEnd().length;
    const start = from + run.length - run.trimStart().length;
    if (start < end) blocks.push({ kind: "paragraph", start, end, level: 0 });
  };
  let start = 0;
  for (const gap of text.matchAll(/\n[^\S\n]*\n\s*/g)) {
    add(start, gap.index);
    start = gap.index + gap[0].length;
  }
  add(start, text.length);
  return { text, blocks };
}

function firstLine(text: string): string {
  const line = text.slice(0, text.indexOf("\n") < 0 ? maxTitle : text.indexOf("\n"));
  return line
    .replace(/^#+\s+/, "")
    .trim()
    .slice(0, maxTitle)
    .toWellFormed();
}
