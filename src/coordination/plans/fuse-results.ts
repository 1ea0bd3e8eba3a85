import { isDeepStrictEqual } from "node:util";
import { z } from "zod";

/** What one agent found, and how sure it is. */
export const Finding = z.object({ value: z.json(), confidence: z.number().min(0).max(1) });
export type Finding = z.output<typeof Finding>;

/** How findings become one. */
export const fuseMethods = ["weighted-average", "consensus", "best-confidence", "hybrid"] as const;
export type FuseMethod = (typeof fuseMethods)[number];

/** One value from many findings; what was outvoted is always shown. */
export interface Fused {
  /** Undefined when they do not agree and the method takes no sides. */
  readonly value: unknown;
  readonly confidence: number;
  /** The part of all confidence that stands behind the value. */
  readonly share: number;
  /** Every value that was found, the best supported first. */
  readonly candidates: readonly Candidate[];
}

interface Candidate {
  readonly value: unknown;
  readonly votes: number;
  /** The confidence of all who found it. */
  readonly weight: number;
}

/** More than half of all confidence is a majority. */
const quorum = 0.5;

/**
 * Makes one value of what several agents found: numbers averaged by confidence, the value that a majority of the
 * confidence stands behind, the surest one, or ("hybrid") the majority's, else for numbers the average, else the surest.
 * Voting is all the consensus there is: several validators on one fact, none of which can be trusted alone.
 */
export function fuseFindings(findings: readonly Finding[], method: FuseMethod): Fused {
  const total = findings.reduce((sum, { confidence }) => sum + confidence, 0);
  const candidates = tally(findings);
  const [best] = candidates;
  if (!best || total === 0) return { value: undefined, confidence: 0, share: 0, candidates };
  switch (method) {
    case "consensus":
      return majority(findings, candidates, total) ?? undecided(candidates, total);
    case "weighted-average":
      return average(findings, candidates, total) ?? undecided(candidates, total);
    case "best-confidence":
      return surest(findings, candidates, total);
    case "hybrid":
      return (
        majority(findings, candidates, total) ??
        average(findings, candidates, total) ??
        surest(findings, candidates, total)
      );
  }
}

/** Values with those who found them; of two that are equally well supported, the one that was found first. */
function tally(findings: readonly Finding[]): Candidate[] {
  const candidates: { value: unknown; votes: number; weight: number }[] = [];
  for (const { value, confidence } of findings) {
    const known = candidates.find((candidate) => isDeepStrictEqual(candidate.value, value));
    if (known) {
      known.votes += 1;
      known.weight += confidence;
    } else candidates.push({ value, votes: 1, weight: confidence });
  }
  return candidates.toSorted((left, right) => right.weight - left.weight);
}

function majority(
  findings: readonly Finding[],
  candidates: readonly Candidate[],
  total: number,
): Fused | undefined {
  const [best] = candidates;
  if (!best || best.weight <= total * quorum) return undefined;
  const { value } = best;
  const own = findings.filter((finding) => isDeepStrictEqual(finding.value, value));
  const share = best.weight / total;
  // Wrong together only if each of them is: but no surer than the share that agrees.
  const doubt = own.reduce((product, { confidence }) => product * (1 - confidence), 1);
  return { value, confidence: (1 - doubt) * share, share, candidates };
}

function average(
  findings: readonly Finding[],
  candidates: readonly Candidate[],
  total: number,
): Fused | undefined {
  let sum = 0;
  for (const { value, confidence } of findings) {
    if (typeof value !== "number") return undefined;
    sum += value * confidence;
  }
  const mean = findings.reduce((all, { confidence }) => all + confidence * confidence, 0) / total;
  return { value: sum / total, confidence: mean, share: 1, candidates };
}

function surest(findings: readonly Finding[], candidates: readonly Candidate[], total: number): Fused {
  const best = findings.reduce((left, right) => (right.confidence > left.confidence ? right : left));
  const support = candidates.find(({ value }) => isDeepStrictEqual(value, best.value));
  const share = (support?.weight ?? 0) / total;
  return { value: best.value, confidence: best.confidence, share, candidates };
}

function undecided(candidates: readonly Candidate[], total: number): Fused {
  return { value: undefined, confidence: 0, share: (candidates[0]?.weight ?? 0) / total, candidates };
}
