import type { Filter, TextField, TimeField } from "../filter.ts";

const columns: Readonly<Record<TextField | TimeField, string>> = {
  url: "url",
  host: "host",
  language: "language",
  format: "format",
  fetchedAt: "fetched_at",
  publishedAt: "published_ms",
};

/** A filter as a condition on rows of `document`, true or false for every row: what is unknown lies in no range. */
export function compileFilter(filter: Filter): {
  readonly sql: string;
  readonly values: (string | number)[];
} {
  const values: (string | number)[] = [];
  const compile = (part: Filter): string => {
    if ("not" in part) return `NOT ${compile(part.not)}`;
    if ("all" in part) return joined(part.all, " AND ", "1");
    if ("any" in part) return joined(part.any, " OR ", "0");
    const column = columns[part.field];
    if ("anyOf" in part) {
      values.push(...part.anyOf);
      return `${column} IN (${part.anyOf.map(() => "?").join()})`;
    }
    const conditions = [`${column} IS NOT NULL`];
    for (const [operator, bound] of [
      [">=", part.from],
      ["<", part.before],
    ] as const) {
      if (bound === undefined) continue;
      conditions.push(`${column} ${operator} ?`);
      values.push(bound);
    }
    return `(${conditions.join(" AND ")})`;
  };
  const joined = (parts: readonly Filter[], operator: string, none: string) =>
    parts.length === 0 ? none : `(${parts.map(compile).join(operator)})`;
  return { sql: compile(filter), values };
}
