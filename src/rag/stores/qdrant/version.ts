/** A server's version, and what it can do that older ones cannot. */
export interface QdrantVersion {
  /** As in `1.18.3`. */
  readonly text: string;
  /** What is wrong with it, and what to do; undefined when all is well. Nobody is kept from trying. */
  readonly problem: string | undefined;
  /** Collections say what they were made for (1.15.4). */
  readonly keepsMetadata: boolean;
  /** Server-side reciprocal rank fusion takes weights (1.17). */
  readonly hasWeightedRrf: boolean;
}

/** The first with `{"rrf":{"k":..}}`, `update_filter` and `metadata` of a collection. */
const oldest = [1, 15, 4] as const;
/** The newest that this was written for; a major version may mean another API. */
const major = 1;

/** A version that cannot be read (a build of somebody's own) is taken for a new one. */
export function readVersion(text: string): QdrantVersion {
  const parts = /^v?(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
  if (!parts) {
    const problem = `Its version "${text}" cannot be read; Forager needs Qdrant ${oldest.join(".")} or newer.`;
    return { text, problem, keepsMetadata: true, hasWeightedRrf: true };
  }
  return {
    text,
    problem: problemOf(text, parts),
    keepsMetadata: isAtLeast(parts, oldest),
    hasWeightedRrf: isAtLeast(parts, [1, 17, 0]),
  };
}

function problemOf(text: string, parts: readonly number[]): string | undefined {
  if (!isAtLeast(parts, oldest))
    return `Qdrant ${text} is too old: Forager needs ${oldest.join(".")} or newer, and some of its requests will be refused. Update it.`;
  if ((parts[0] ?? 0) > major)
    return `Qdrant ${text} is newer than what this Forager knows (${major}.x): if requests are refused, update Forager.`;
  return undefined;
}

function isAtLeast(parts: readonly number[], least: readonly number[]): boolean {
  for (const [index, number] of least.entries()) {
    const own = parts[index] ?? 0;
    if (own !== number) return own > number;
  }
  return true;
}
