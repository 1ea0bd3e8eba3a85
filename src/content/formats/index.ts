import type { DocumentFormat } from "../document-format.ts";
import { htmlFormat } from "./html.ts";
import { jsonFormat } from "./json.ts";
import { pdfFormat } from "./pdf.ts";
import { textFormat } from "./text.ts";
import { xmlFormat } from "./xml.ts";

/** Every format that can be read, by the name `sniffFormat` gives. */
export const formats = {
  html: htmlFormat,
  text: textFormat,
  json: jsonFormat,
  xml: xmlFormat,
  pdf: pdfFormat,
} satisfies Record<string, DocumentFormat>;

/** A format's name. */
export type FormatName = keyof typeof formats;
