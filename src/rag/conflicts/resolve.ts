import { type Contradiction, detectContradictions, type Side } from "./detect.ts";
import type { Evidence } from "./evidence.ts";

/** What decided: the likeliest source, more hosts, the newest page, or who was asked. */
export type ResolvedBy = "confidence" | "majority" | "newer" | "arbitration";

/** A contradiction with its decision; the losing values are kept with their sources. */
export interface ResolvedConflict extends Omit<Contradiction, "variesWithTime"> {
  /** Index among `sides`. */
  readonly resolved: number;
  readonly by: ResolvedBy;
}

export interface Resolution {
  readonly conflicts: readonly ResolvedConflict[];
  /** What the answer is to be made of: the evidence in its order without the losing sides. */
  readonly evidence: readonly Evidence[];
}

/**
 * Decides between sides, having seen them all; a language model, say.
 * @returns The index of the right side; undefined when it cannot tell.
 */
export type Arbitrate = (contradiction: Contradiction, signal?: AbortSignal) => Promise<number | undefined>;

/** Pages closer in time than this are of one age. */
const sameAgeMs = 30 * 86_400_000;
/** A claim that varies with time is worth half after this, down to half at least. */
const halfLifeMs = 2 * 365.25 * 86_400_000;
const leastFreshness = 0.5;

/**
 * Finds the contradictions of the evidence and decides them: by `arbitrate` where given, else the newest of what varies with
 * time, else the most hosts, else the likeliest source.
 * @param options.prefer "confidence" leaves the hosts uncounted.
 * @throws The signal's reason when aborted.
 */
export async function resolveConflicts(
  question: string,
  evidence: readonly Evidence[],
  options: {
    readonly idf?: (term: number) => number;
    readonly prefer?: "majority" | "confidence";
    readonly arbitrate?: Arbitrate;
  } = {},
  signal?: AbortSignal,
): Promise<Resolution> {
  const conflicts: ResolvedConflict[] = [];
  for (const contradiction of detectContradictions(question, evidence, options.idf)) {
    const { about, sides } = contradiction;
    const asked = await arbitrated(contradiction, options.arbitrate, signal);
    const decision = asked ?? decide(contradiction, options.prefer ?? "majority");
    conflicts.push({ about, sides, ...decision });
  }
  const lost = new Set(
    conflicts.flatMap(({ sides, resolved }) =>
      sides.flatMap((side, index) => (index === resolved ? [] : side.evidence)),
    ),
  );
  return { conflicts, evidence: evidence.filter((one) => !lost.has(one)) };
}

type Decision = Pick<ResolvedConflict, "resolved" | "by">;

async function arbitrated(
  contradiction: Contradiction,
  arbitrate: Arbitrate | undefined,
  signal: AbortSignal | undefined,
): Promise<Decision | undefined> {
  if (!arbitrate) return undefined;
  try {
    const resolved = await arbitrate(contradiction, signal);
    return resolved !== undefined && contradiction.sides[resolved]
      ? { resolved, by: "arbitration" }
      : undefined;
  } catch {
    // Without its say the rules decide, as they do without it.
    signal?.throwIfAborted();
    return undefined;
  }
}

/** The decision by rules alone. */
export function decide(
  { sides, variesWithTime }: Contradiction,
  prefer: "majority" | "confidence",
): Decision {
  if (variesWithTime) {
    const dates = sides.map(newest);
    const [latest = NaN, second = NaN] = dates.toSorted((one, other) => other - one);
    if (dates.every(Number.isFinite) && latest - second >= sameAgeMs)
      return { resolved: dates.indexOf(latest), by: "newer" };
  }
  if (prefer === "majority") {
    const hosts = sides.map((side) => side.hosts.length);
    const [most = 0, next = 0] = hosts.toSorted((one, other) => other - one);
    if (most > next) return { resolved: hosts.indexOf(most), by: "majority" };
  }
  const reference = Math.max(...sides.map(newest).filter(Number.isFinite));
  const confidences = sides.map((side) =>
    Math.max(...side.evidence.map((one) => one.score * (variesWithTime ? freshness(one, reference) : 1))),
  );
  return { resolved: confidences.indexOf(Math.max(...confidences)), by: "confidence" };
}

function newest({ evidence }: Side): number {
  return Math.max(...evidence.map(({ publishedAt }) => Date.parse(publishedAt)).filter(Number.isFinite));
}

/** Beside the newest page; a page without a date counts as one half-life old. */
function freshness({ publishedAt }: Evidence, newestMs: number): number {
  const at = Date.parse(publishedAt);
  return Number.isFinite(at)
    ? Math.max(leastFreshness, 2 ** -((newestMs - at) / halfLifeMs))
    : leastFreshness;
}
