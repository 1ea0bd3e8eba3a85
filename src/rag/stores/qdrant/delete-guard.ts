import type { Schemas } from "@qdrant/js-client-rest";
import { QdrantError } from "./qdrant-error.ts";

/**
 * Refuses a filter that names nothing: Qdrant takes `{}` for everything, and deletes it. `must_not` alone does not
 * count either, since what it leaves over has no bound.
 * @throws {QdrantError}
 */
export function assertBounded(filter: Schemas["Filter"], call: string): void {
  if (isBounded(filter)) return;
  throw new QdrantError(
    "qdrant-refused",
    `${call}: a filter without conditions would take every point, so it is not sent. To drop everything, delete the collection.`,
  );
}

function isBounded(filter: Schemas["Filter"]): boolean {
  const should = conditionsOf(filter.should);
  const least = filter.min_should as Schemas["MinShould"] | null | undefined;
  return (
    conditionsOf(filter.must).some(narrows) ||
    (should.length > 0 && should.every(narrows)) ||
    (least !== undefined && least !== null && least.min_count > 0 && least.conditions.every(narrows))
  );
}

function conditionsOf(value: unknown): readonly Schemas["Condition"][] {
  if (value === undefined || value === null) return [];
  return (Array.isArray(value) ? value : [value]) as readonly Schemas["Condition"][];
}

/** A filter may stand in the place of a condition; whatever else has a key is one. */
function narrows(condition: Schemas["Condition"]): boolean {
  const isFilter = ["must", "should", "must_not", "min_should"].some((key) => key in condition);
  if (isFilter) return isBounded(condition as Schemas["Filter"]);
  return Object.keys(condition).length > 0;
}
