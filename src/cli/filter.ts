import { OptionsError } from "../errors.ts";
import { type Filter, instantOf, primaryLanguage, textFields, timeFields } from "../rag/filter.ts";

const day = 24 * 60 * 60 * 1_000;

/** `--filter host=a.org,b.org --filter publishedAt=2026-01-01..` to what the index is asked; all of them have to hold. */
export function parseFilter(filters: readonly string[]): Filter | undefined {
  const parts = filters.map(parsePart);
  return parts.length > 1 ? { all: parts } : parts[0];
}

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
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(last.trim());
  return {
    ...(from === undefined ? {} : { from }),
    ...(until === undefined ? {} : { before: until + (isDay ? day : 0) }),
  };
}
