import type { ReadOutcome } from "../../document.ts";
import { decodeText } from "../charset.ts";
import type { DocumentFormat } from "../document-format.ts";
import { fenceFor } from "../markdown-text.ts";
import { plainDocument, titleFromUrl } from "../plain-document.ts";
import { plainSignals } from "../signals.ts";

/** Longer JSON is shown as it stands: indenting may multiply its length. */
const maxPrettyLength = 1_000_000;

/** JSON, as one block of code, indented where that is cheap. */
export const jsonFormat: DocumentFormat = {
  name: "json",
  read(page, options): Promise<ReadOutcome> {
    const contentType = page.headers["content-type"] ?? "";
    const decoded = decodeText(page.body, { contentType, isUtf8: page.rendered, hasMeta: false });
    const pretty = prettyJson(decoded.text);
    const text = pretty.slice(0, options.maxTextLength).toWellFormed().trim();
    const fence = fenceFor(text);
    return Promise.resolve({
      kind: "document",
      document: plainDocument({
        title: titleFromUrl(page.finalUrl),
        text,
        markdown: text === "" ? "" : `${fence}json\n${text}\n${fence}`,
        blocks: text === "" ? [] : [{ kind: "code", start: 0, end: text.length, level: 0 }],
        format: "json",
        language: page.headers["content-language"],
      }),
      links: [],
      signals: plainSignals(text, page.headers, pretty.length > options.maxTextLength),
    });
  },
};

function prettyJson(source: string): string {
  if (source.length > maxPrettyLength) return source;
  try {
    return JSON.stringify(JSON.parse(source), undefined, 2);
  } catch {
    return source; // Broken, in lines, or too deep: its text can still be searched.
  }
}
