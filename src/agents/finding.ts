import { z } from "zod";
import type { LadderOutcome } from "../browser/fetch-ladder.ts";
import type { ReadPage } from "./reader-thread.ts";

/** What came of going for a page: read and judged, unchanged, to be tried later, or not to be had. */
export type Finding = LadderOutcome<ReadPage>;
export const Finding = z.custom<Finding>(
  (value) => typeof value === "object" && value !== null && "kind" in value,
);
