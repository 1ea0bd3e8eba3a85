import type { FetchedPage, ReadOutcome } from "../document.ts";
import { formats } from "./formats/index.ts";
import type { ReadOptions } from "./read-options.ts";
import { sniffFormat } from "./sniff.ts";

/**
 * Turns the bytes of a page into a document, its links, and the signals it is judged by. A pure function of its input.
 * @returns What the page holds, or why it cannot be read: an expected outcome, whatever the bytes are.
 * @throws {MissingError} When the package that reads this format is not installed.
 */
export function readPage(page: FetchedPage, options: ReadOptions): Promise<ReadOutcome> {
  const sniffed = sniffFormat(page.body, page.headers["content-type"] ?? "");
  if (sniffed.kind === "unsupported") return Promise.resolve(sniffed);
  return formats[sniffed.format].read(page, options);
}
