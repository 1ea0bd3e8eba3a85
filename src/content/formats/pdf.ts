import type { getDocumentProxy } from "unpdf";
import type { Block, ReadOutcome } from "../../document.ts";
import { MissingError, messageOf } from "../../errors.ts";
import { isoDate } from "../dates.ts";
import type { DocumentFormat } from "../document-format.ts";
import { plainDocument, titleFromUrl } from "../plain-document.ts";
import { plainSignals } from "../signals.ts";
import { oneLine } from "../white-space.ts";
import { paragraphs } from "./text.ts";

/** PDF, by unpdf (PDF.js): text page by page, title and author from its information dictionary. */
export const pdfFormat: DocumentFormat = {
  name: "pdf",
  async read(page, options): Promise<ReadOutcome> {
    const unpdf = await import("unpdf").catch((cause: unknown) => {
      throw new MissingError("Reading PDF needs the package unpdf.", "Install it: npm install unpdf.", cause);
    });
    try {
      // PDF.js takes the bytes away from their owner, so it gets a copy.
      const pdf = await unpdf.getDocumentProxy(Uint8Array.from(page.body), { verbosity: 0 });
      try {
        return await readDocument(pdf, page.finalUrl, page.headers, options);
      } finally {
        await pdf.loadingTask.destroy();
      }
    } catch (thrown) {
      if (isNamed(thrown, "PasswordException"))
        return { kind: "unreadable", detail: "The PDF is protected by a password." };
      return { kind: "unreadable", detail: `The PDF is broken: ${messageOf(thrown)}` };
    }
  },
};

type Pdf = Awaited<ReturnType<typeof getDocumentProxy>>;

async function readDocument(
  pdf: Pdf,
  url: string,
  headers: Readonly<Record<string, string>>,
  options: { readonly maxPdfPages: number; readonly maxTextLength: number },
): Promise<ReadOutcome> {
  let text = "";
  const blocks: Block[] = [];
  let isTruncated = pdf.numPages > options.maxPdfPages;
  for (let number = 1; number <= Math.min(pdf.numPages, options.maxPdfPages); number++) {
    const part = paragraphs(await pageText(pdf, number));
    if (part.text === "") continue;
    if (text.length + part.text.length + 2 > options.maxTextLength) {
      isTruncated = true;
      break;
    }
    if (text !== "") text += "\n\n";
    for (const block of part.blocks)
      blocks.push({ ...block, start: block.start + text.length, end: block.end + text.length });
    text += part.text;
  }
  const { info } = await pdf.getMetadata();
  return {
    kind: "document",
    document: plainDocument({
      title: entry(info, "Title") || titleFromUrl(url),
      author: entry(info, "Author"),
      description: entry(info, "Subject"),
      publishedAt: pdfDate(entry(info, "CreationDate")),
      modifiedAt: pdfDate(entry(info, "ModDate")),
      language: entry(info, "Language"),
      text,
      markdown: text,
      blocks,
      format: "pdf",
    }),
    links: [],
    signals: plainSignals(text, headers, isTruncated),
  };
}

/** One page's lines; a gap of more than a line and a half starts a paragraph. */
async function pageText(pdf: Pdf, number: number): Promise<string> {
  const page = await pdf.getPage(number);
  try {
    const content = await page.getTextContent();
    let text = "";
    let lastY: number | undefined;
    for (const item of content.items) {
      if (!("str" in item)) continue;
      const y: unknown = item.transform[5];
      const height = item.height || 10;
      if (typeof y === "number" && item.str.trim() !== "") {
        if (lastY !== undefined && Math.abs(lastY - y) > height * 1.8 && !text.endsWith("\n\n")) {
          text += text.endsWith("\n") ? "\n" : "\n\n";
        }
        lastY = y;
      }
      text += item.hasEOL ? `${item.str}\n` : item.str;
    }
    return text.replace(/[^\S\n]+/g, " ").replace(/ ?\n ?/g, "\n");
  } finally {
    page.cleanup();
  }
}

function entry(info: unknown, name: string): string {
  if (typeof info !== "object" || info === null) return "";
  const value: unknown = Reflect.get(info, name);
  return typeof value === "string" ? oneLine(value.slice(0, 2_000)).toWellFormed() : "";
}

/** `D:20240131120000+01'00'`, ISO 32000-1, 7.9.4. */
function pdfDate(value: string): string {
  const parts = /^(?:D:)?(\d{4})(\d{2})(\d{2})/.exec(value);
  return parts === null ? isoDate(value) : isoDate(`${parts[1]}-${parts[2]}-${parts[3]}`);
}

function isNamed(thrown: unknown, name: string): boolean {
  return thrown instanceof Error && thrown.name === name;
}
