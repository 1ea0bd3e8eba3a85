import type { FetchedPage, ReadOutcome } from "../document.ts";
import type { ReadOptions } from "./read-options.ts";

/** One kind of document and how to read it. One file in `formats/` each. */
export interface DocumentFormat {
  /** The name kept in `PageDocument.format`. */
  readonly name: string;
  /** Reads a page whose bytes were found to be of this format. Gives an outcome for whatever the bytes hold; never throws. */
  read(page: FetchedPage, options: ReadOptions): Promise<ReadOutcome>;
}
