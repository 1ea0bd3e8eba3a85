import { badRequest, Refusal } from "./failure.ts";
import { conditionsOf, isDatetimeRange } from "./filter.ts";
import type { Condition, Filter, StrictMode } from "./wire.ts";

/** A payload index as it was asked for. */
export interface PayloadIndex {
  readonly type: string;
  readonly params?: { readonly lookup?: boolean | null; readonly range?: boolean | null };
}
export type PayloadIndexes = ReadonlyMap<string, PayloadIndex>;

/** Settings of strict mode, and what has to be smaller to keep them. */
const limitedBy = {
  max_query_limit: "limit",
  max_timeout: "timeout",
  upsert_max_batchsize: "batch of points",
  search_max_batchsize: "batch of searches",
  filter_max_conditions: "filter",
};

/** @throws {Refusal} 400 when a number is above what the collection's strict mode allows; it names both and the setting. */
export function checkLimit(
  strict: StrictMode,
  limit: keyof typeof limitedBy,
  value: number | null | undefined,
): void {
  const most = strict.enabled ? strict[limit] : undefined;
  if (typeof most !== "number" || typeof value !== "number" || value <= most) return;
  throw badRequest(
    `${value} is more than the ${most} of strict mode's ${limit}. Ask with a smaller ${limitedBy[limit]}.`,
  );
}

/** @throws {Refusal} 400 when a filter is too long, or reads a key without an index where strict mode asks for one. */
export function checkFilter(
  strict: StrictMode,
  indexes: PayloadIndexes,
  filter: Filter | null | undefined,
  use: "unindexed_filtering_retrieve" | "unindexed_filtering_update",
): void {
  const conditions = conditionsOf(filter);
  checkLimit(strict, "filter_max_conditions", conditions.length);
  if (!strict.enabled || strict[use] !== false) return;
  for (const condition of conditions) {
    const key = keyOf(condition);
    if (key !== undefined) checkIndex(indexes, key, servingTypes(condition));
  }
}

/** @throws {Refusal} 400 when a key has no index of one of these types; [] stands for any. */
export function checkIndex(indexes: PayloadIndexes, key: string, types: readonly string[]): void {
  const index = indexes.get(key);
  if (index && (types.length === 0 || usesOf(index).some((use) => types.includes(use)))) return;
  const wanted = types.length > 0 ? types.map((type) => type.split(" ")[0]).join(" or ") : "payload";
  throw badRequest(`"${key}" has no ${wanted} index. Create one for it, or filter by another key.`);
}

/** @throws {Refusal} 400 when strict mode asks for an index to group by a key, and there is none. */
export function checkGroupKey(strict: StrictMode, indexes: PayloadIndexes, key: string): void {
  if (strict.enabled && strict.unindexed_filtering_retrieve === false) checkIndex(indexes, key, []);
}

/** What an index answers: its type, and for whole numbers which of the two ways of asking. */
export function usesOf({ type, params }: PayloadIndex): readonly string[] {
  if (type !== "integer") return [type];
  return [
    ...(params?.lookup === false ? [] : ["integer lookup"]),
    ...(params?.range === false ? [] : ["integer range"]),
  ];
}

function keyOf(condition: Condition): string | undefined {
  if (condition.key !== undefined) return condition.key;
  for (const one of [condition.is_empty, condition.is_null]) {
    if (typeof one === "object" && one) return one.key;
  }
  return undefined;
}

function servingTypes({ match, range }: Condition): readonly string[] {
  if (range) return isDatetimeRange(range) ? ["datetime"] : ["float", "integer range"];
  const value = [match?.value, match?.any, match?.except].flat().find((one) => one !== undefined);
  if (typeof value === "string") return ["keyword"];
  if (typeof value === "boolean") return ["bool"];
  return typeof value === "number" ? ["integer lookup"] : [];
}

/** Tokens of a minute, filled evenly. */
export class RateLimit {
  readonly #perMinute: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#tokens = perMinute;
    this.#at = now();
  }

  /** @throws {Refusal} 429; without Retry-After when so many can never be had at once. */
  take(tokens: number): void {
    if (tokens > this.#perMinute) {
      throw new Refusal(
        429,
        `${tokens} at once is more than the ${this.#perMinute} of a minute. Send fewer at once.`,
      );
    }
    const now = this.#now();
    this.#tokens = Math.min(this.#perMinute, this.#tokens + ((now - this.#at) / 60_000) * this.#perMinute);
    this.#at = now;
    if (this.#tokens < tokens) {
      const seconds = Math.ceil(((tokens - this.#tokens) / this.#perMinute) * 60);
      throw new Refusal(
        429,
        `Above the rate of ${this.#perMinute} a minute. Try again in ${seconds} s.`,
        `${seconds}`,
      );
    }
    this.#tokens -= tokens;
  }
}
