import type { Verdict, VerdictKind } from "../document.ts";
import type { FetchTier } from "./fetch-tier.ts";

/** Verdicts that a browser can change: content that scripts bring, and walls that let browsers through. */
export const climbable: ReadonlySet<VerdictKind> = new Set<VerdictKind>(["shell", "empty", "blocked"]);

/**
 * The next tier to try after a verdict; undefined when none would help. A missing page stays missing, a broken
 * connection is not mended by a browser, and a login needs a person: those never climb.
 */
export function escalate(
  verdict: Verdict,
  tierIndex: number,
  tiers: readonly Pick<FetchTier, "isRendering">[],
): number | undefined {
  if (verdict.isFinal || !climbable.has(verdict.kind)) return undefined;
  // A wall may fall to any better disguise; an empty shell needs scripts run.
  const next = tiers.findIndex(
    (tier, index) => index > tierIndex && (tier.isRendering || verdict.kind === "blocked"),
  );
  return next === -1 ? undefined : next;
}
