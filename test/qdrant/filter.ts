import { badRequest, NotServed, refuseMembers, Refusal } from "./failure.ts";
import { pointId, type Point } from "./points.ts";
import type { Condition, Filter, Payload, RangeBounds } from "./wire.ts";

type Test = (point: Point) => boolean;

const unservedConditions = [
  "geo_bounding_box",
  "geo_radius",
  "geo_polygon",
  "values_count",
  "nested",
  "slice",
];
const fieldMembers = ["match", "range", "is_empty", "is_null", ...unservedConditions];

/**
 * A filter as a function.
 * @throws {Refusal} When a condition has no meaning, before any point is looked at.
 */
export function compileFilter(filter: Filter | null | undefined): Test {
  if (!filter) return () => true;
  const must = listOf(filter.must).map(compileCondition);
  const mustNot = listOf(filter.must_not).map(compileCondition);
  const should = listOf(filter.should).map(compileCondition);
  const some = filter.min_should?.conditions.map(compileCondition) ?? [];
  const least = filter.min_should?.min_count ?? 0;
  return (point) =>
    must.every((holds) => holds(point)) &&
    !mustNot.some((holds) => holds(point)) &&
    (should.length === 0 || should.some((holds) => holds(point))) &&
    some.filter((holds) => holds(point)).length >= least;
}

/** Every condition on a payload's key or a point, however deep in the filter. */
export function conditionsOf(filter: Filter | null | undefined): readonly Condition[] {
  if (!filter) return [];
  const own = [
    ...listOf(filter.must),
    ...listOf(filter.must_not),
    ...listOf(filter.should),
    ...(filter.min_should?.conditions ?? []),
  ];
  return own.flatMap((condition) => (isFilter(condition) ? conditionsOf(condition) : [condition]));
}

/** Values at a payload's key: `a.b` goes into objects, lists on the way and at the end are opened. */
export function valuesAt(payload: Payload, key: string): readonly unknown[] {
  let values: unknown[] = [payload];
  for (const step of key.replaceAll("[]", "").split(".")) {
    values = values
      .flatMap((value) => (isObject(value) && Object.hasOwn(value, step) ? value[step] : []))
      .filter((value) => value !== undefined);
  }
  return values;
}

/**
 * A date and time of RFC 3339 in milliseconds.
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function readDatetime(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  const form = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2}(?:\.\d+)?)(Z|[+-]\d{2}:\d{2})?)?$/i.exec(text);
  if (!form) return undefined;
  const [, day, time = "00:00:00", zone = "Z"] = form;
  const milliseconds = Date.parse(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(milliseconds) ? undefined : milliseconds;
}

/** Whether a range speaks of dates. */
export function isDatetimeRange(range: RangeBounds): boolean {
  return Object.values(range).some((bound) => typeof bound === "string");
}

function listOf<One>(conditions: One | readonly One[] | null | undefined): readonly One[] {
  if (conditions === null || conditions === undefined) return [];
  return Array.isArray(conditions) ? (conditions as readonly One[]) : [conditions as One];
}

function isFilter(condition: Condition): boolean {
  const isCondition =
    condition.key !== undefined ||
    ["has_id", "has_vector", "is_empty", "is_null", "nested", "slice"].some((member) => member in condition);
  return !isCondition;
}

function compileCondition(condition: Condition): Test {
  refuseMembers(condition, unservedConditions);
  const { key, match, range, has_id, has_vector, is_empty, is_null } = condition;
  if (has_id) {
    const ids = new Set(has_id.map(pointId));
    return ({ id }) => ids.has(id);
  }
  if (has_vector !== undefined) return ({ vectors }) => vectors.has(has_vector);
  if (typeof is_empty === "object" && is_empty) return (point) => isEmptyAt(point, is_empty.key);
  if (typeof is_null === "object" && is_null) return (point) => isNullAt(point, is_null.key);
  if (key === undefined) return compileFilter(condition);
  if (!fieldMembers.some((member) => (condition as Payload)[member] !== undefined)) {
    throw new Refusal(422, `The condition on "${key}" says nothing that the server knows.`);
  }
  const tests: Test[] = [];
  if (match) tests.push(matchTest(key, match));
  if (range) tests.push(rangeTest(key, range));
  if (typeof is_empty === "boolean") tests.push((point) => isEmptyAt(point, key) === is_empty);
  if (typeof is_null === "boolean") tests.push((point) => isNullAt(point, key) === is_null);
  return (point) => tests.every((holds) => holds(point));
}

function matchTest(key: string, match: NonNullable<Condition["match"]>): Test {
  const { value, any, except } = match;
  const isWanted = (found: unknown) => {
    if (any) return (any as readonly unknown[]).includes(found);
    if (except) return found !== null && !(except as readonly unknown[]).includes(found);
    return found === value;
  };
  if (value === undefined && !any && !except) throw new NotServed(`match by ${Object.keys(match).join()}`);
  return ({ payload }) => valuesAt(payload, key).some(isWanted);
}

function rangeTest(key: string, range: RangeBounds): Test {
  const isDatetime = isDatetimeRange(range);
  const limits = Object.entries(range).filter(([, bound]) => bound !== null);
  const bounds = new Map(
    limits.map(([name, bound]) => [name, isDatetime ? datetimeBound(bound) : Number(bound)]),
  );
  const { lt = Infinity, lte = Infinity, gt = -Infinity, gte = -Infinity } = Object.fromEntries(bounds);
  return ({ payload }) =>
    valuesAt(payload, key).some((found) => {
      const number = isDatetime ? readDatetime(found) : found;
      return typeof number === "number" && number < lt && number <= lte && number > gt && number >= gte;
    });
}

function datetimeBound(text: unknown): number {
  const milliseconds = readDatetime(text);
  if (milliseconds === undefined)
    throw badRequest(`${JSON.stringify(text)} is no date and time of RFC 3339.`);
  return milliseconds;
}

function isEmptyAt({ payload }: Point, key: string): boolean {
  return valuesAt(payload, key).every((value) => value === null);
}

function isNullAt({ payload }: Point, key: string): boolean {
  return valuesAt(payload, key).includes(null);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
