import { z } from "zod";

/** What of a document a filter can ask for: its address, its host with its port where that is unusual, its primary language as in `en`, its format as in `html`, `pdf`. */
export const textFields = ["url", "host", "language", "format"] as const;
export type TextField = (typeof textFields)[number];
/** Epoch milliseconds; `publishedAt` may be unknown, and then no range holds. */
export const timeFields = ["fetchedAt", "publishedAt"] as const;
export type TimeField = (typeof timeFields)[number];

/** A condition on documents, which every store understands alike. */
export type Filter =
  | { readonly field: TextField; readonly anyOf: readonly string[] }
  /** From `from` on, and before `before`. */
  | { readonly field: TimeField; readonly from?: number; readonly before?: number }
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly not: Filter };

const mostAlternatives = 256;
const time = z.number().finite().optional();

/** A filter from outside: JSON of a tool or a request. */
export const FilterSchema: z.ZodType<Filter> = z.lazy(() =>
  z.union([
    z.strictObject({
      field: z.enum(textFields),
      anyOf: z.array(z.string().max(4_096)).min(1).max(mostAlternatives),
    }),
    z.strictObject({ field: z.enum(timeFields), from: time, before: time }),
    z.strictObject({ all: z.array(FilterSchema).max(mostAlternatives) }),
    z.strictObject({ any: z.array(FilterSchema).max(mostAlternatives) }),
    z.strictObject({ not: FilterSchema }),
  ]),
) as z.ZodType<Filter>;

/** Only documents of this host. */
export function onHost(host: string): Filter {
  return { field: "host", anyOf: [host] };
}

/** What `language` is compared with: `en` for "en-US", "" where it is not known. */
export function primaryLanguage(tag: string): string {
  return tag.trim().toLowerCase().split(/[-_]/, 1)[0] ?? "";
}

/** The instant of an ISO 8601 date or date-time, a bare date at midnight UTC; undefined where it is none. */
export function instantOf(date: string): number | undefined {
  const instant = /^\d{4}-\d{2}/.test(date) ? Date.parse(date) : Number.NaN;
  return Number.isNaN(instant) ? undefined : instant;
}
