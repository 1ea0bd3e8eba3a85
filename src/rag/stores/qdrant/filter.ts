import type { Schemas } from "@qdrant/js-client-rest";
import type { Filter, TextField, TimeField } from "../../filter.ts";

type Condition = Schemas["Condition"];
/** True or false where that is known without looking. */
type Compiled = boolean | Condition;

/**
 * The payload's keys. Times are whole milliseconds in an integer index and not datetimes: those are compared alike, but
 * cannot say every bound that a filter may have.
 */
const keys: Readonly<Record<TextField | TimeField, string>> = {
  url: "url",
  host: "host",
  language: "language",
  format: "format",
  fetchedAt: "fetched_at",
  publishedAt: "published_at",
};

/**
 * A filter in Qdrant's words, true for the same documents as in `sqlite-filter.ts`. What is always true or false is
 * folded, since an empty list of conditions means everything to Qdrant wherever it stands.
 * @returns Undefined for one that holds of everything.
 */
export function compileFilter(filter: Filter | undefined): Schemas["Filter"] | undefined {
  const compiled = filter ? compile(filter) : true;
  if (compiled === true) return undefined;
  return compiled === false ? nothing : { must: [compiled] };
}

const nothing: Schemas["Filter"] = { must: [{ has_id: [] }] };

/** Both filters at once. */
export function both(one: Schemas["Filter"], other: Schemas["Filter"] | undefined): Schemas["Filter"] {
  return other ? { must: [one, other] } : one;
}

function compile(filter: Filter): Compiled {
  if ("not" in filter) {
    const part = compile(filter.not);
    return typeof part === "boolean" ? !part : { must_not: [part] };
  }
  if ("all" in filter) {
    const parts = filter.all.map(compile).filter((part) => part !== true);
    if (parts.length === 0) return true;
    return parts.every(isCondition) ? { must: parts } : false;
  }
  if ("any" in filter) {
    const parts = filter.any.map(compile).filter((part) => part !== false);
    if (parts.length === 0) return false;
    return parts.every(isCondition) ? { should: parts } : true;
  }
  const key = keys[filter.field];
  if ("anyOf" in filter) {
    const any = filter.anyOf.map((text) => text.toWellFormed());
    return any.length > 0 && { key, match: { any } };
  }
  // Without a bound it still asks for a known time.
  const from = wholeBound(filter.from ?? -Infinity);
  const before = wholeBound(filter.before ?? Infinity);
  return from < before && { key, range: { gte: from, lt: before } };
}

function isCondition(part: Compiled): part is Condition {
  return typeof part !== "boolean";
}

/** The least whole number from `bound` on: between whole times it says the same. Qdrant cuts fractions off instead. */
function wholeBound(bound: number): number {
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Math.ceil(bound), Number.MAX_SAFE_INTEGER));
}
