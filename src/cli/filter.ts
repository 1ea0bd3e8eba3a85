import { OptionsError } from "../errors.ts";
import { type Filter, instantOf, primaryLanguage, textFields, timeFields } from "../rag/filter.ts";

const day = 24 * 60 * 60 * 1_000;

/** `--filter host=a.org,b.org --filter publishedAt=2026-01-01..` to what the index is asked; all of them have to hold. */
export function parseFilter(filters: readonly string[]): Filter | undefined {
  const parts = filters.map(parsePart);
  return parts.length > 1 ? { all: parts } : parts[0];
}

/** What a person who found nothing should know of the filters that were given; "" without any. */
export function describeFilters(filters: readonly string[]): string {
  if (filters.length === 0) return "";
  const host = filters.find((filter) => filter.startsWith("host="))?.slice("host=".length);
  const hints = [
    ...(host === undefined || host.includes(":")
      ? []
      : [` A host on a port of its own is named with it, as in ${host}:8080.`]),
    ...Object.entries(unstated).flatMap(([name, what]) =>
      filters.some((filter) => filter.startsWith(`${name}=`))
        ? [` Pages that do not state their ${what} are left out.`]
        : [],
    ),
  ];
  return ` Only pages with ${filters.join(" and ")} were looked at.${hints.join("")}`;
}

/** What many pages do not say of themselves, by the filter that asks for it. */
const unstated = { language: "language", publishedAt: "date" };

function parsePart(part: string): Filter {
  const at = part.indexOf("=");
  const name = part.slice(0, Math.max(at, 0));
  const value = part.slice(at + 1).trim();
  const textField = textFields.find((field) => field === name);
  if (textField && value !== "") {
    const anyOf = value
      .split(",")
      .map((one) => (textField === "url" ? one.trim() : one.trim().toLowerCase()));
    return { field: textField, anyOf: textField === "language" ? anyOf.map(primaryLanguage) : anyOf };
  }
  const timeField = timeFields.find((field) => field === name);
  if (timeField && value !== "") return { field: timeField, ...parseRange(part, value) };
  throw new OptionsError(
    "--filter",
    `"${part}" is not known; give ${textFields.join("=, ")}= with a value, or ${timeFields.join("=, ")}= with a range of dates, as in publishedAt=2026-01-01..2026-06-30`,
  );
}

/** `2026-01-01..`, `..2026-06-30` or both; days are whole, both ends included. */
function parseRange(part: string, value: string): { readonly from?: number; readonly before?: number } {
  const [first = "", last = first, ...rest] = value.split("..");
  const from = instantOf(first.trim());
  const until = instantOf(last.trim());
  const isWrong =
    rest.length > 0 ||
    (first.trim() !== "" && from === undefined) ||
    (last.trim() !== "" && until === undefined) ||
    (from === undefined && until === undefined);
  if (isWrong)
    throw new OptionsError(
      "--filter",
      `"${part}" is no range of dates; write them as in 2026-01-01..2026-06-30`,
    );
  if (from !== undefined && until !== undefined && until < from)
    throw new OptionsError("--filter", `"${part}" ends before it begins`);
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(last.trim());
  return {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { before: until + (isDay ? day : 0) }),
  };
}
