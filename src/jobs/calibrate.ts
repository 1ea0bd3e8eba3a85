import { childContext, type RunContext } from "../context.ts";
import { OptionsError, TimeoutError } from "../errors.ts";
import type { Calibration } from "../rag/calibration/calibration.ts";
import { provenWeight, unprovenWeight } from "../rag/calibration/dense-weight.ts";
import { usualWeights } from "../rag/retrieval/join-rankings.ts";
import { calibrateByLabels } from "./calibrate-by-labels.ts";
import { measureByPages } from "./calibrate-by-pages.ts";
import type { CalibrateOptions, CalibrationFloor } from "./calibration-floor.ts";

/** With fewer of its passages embedded, the vectors would look weaker than they will be. */
const leastCoverage = 0.95;

/** What was decided, and why, in sentences for people. */
export interface CalibrationReport extends Calibration {
  readonly reasons: readonly string[];
}

/**
 * Measures on this index what the vectors are worth beside the words, and keeps it: by judged queries where there are enough,
 * else by queries made from the pages. Nothing is kept before the end, so one that was killed is started again.
 * @throws {OptionsError} When too little is embedded to measure anything.
 * @throws {TimeoutError} When the time is over.
 */
export async function calibrate(
  floor: CalibrationFloor,
  options: CalibrateOptions,
  parent: RunContext,
): Promise<CalibrationReport> {
  using context = childContext(
    parent,
    options.timeoutMs,
    "calibrate",
    () => new TimeoutError("Calibrating", options.timeoutMs),
  );
  const { archive, embedder, clock } = floor;
  const { chunks, embedded } = archive.stats();
  if (chunks === 0) throw new OptionsError("calibrate", "the index is empty: crawl something first");
  if (embedded < leastCoverage * chunks)
    throw new OptionsError(
      "calibrate",
      `${embedded} of ${chunks} passages have vectors, too few to say what vectors are worth: run forager embed first`,
    );
  // Its first use is also its check.
  await embedder.embed(["ready"], context.signal);
  const usual = embedder.isProven ? usualWeights.proven : usualWeights.unproven;
  const judged = options.queries
    ? await calibrateByLabels(floor, options.queries, options, context)
    : undefined;
  const byPages = judged?.weight ? undefined : await measureByPages(floor, options, context);
  const ratio = byPages?.ratio;
  const denseWeight =
    judged?.weight?.denseWeight ??
    (ratio === undefined ? usual : embedder.isProven ? provenWeight(ratio, usual) : unprovenWeight(ratio));
  context.signal.throwIfAborted();
  const calibration: Calibration = {
    embedder: embedder.id,
    denseWeight,
    basis: judged?.weight ? "labels" : "pseudo-queries",
    queries: judged?.weight?.queries ?? byPages?.queries ?? 0,
    ...(ratio === undefined ? {} : { rho: ratio }),
    ...(judged?.weight ? { gain: judged.weight.gain } : {}),
    ...(judged?.confidence ? { confidence: judged.confidence } : {}),
    ...(judged?.reranker ? { reranker: judged.reranker } : {}),
    chosenAt: clock.now(),
  };
  await floor.keep(calibration);
  const reasons = [...(judged?.reasons ?? []), ...(byPages ? [byPages.reason] : [])];
  return { ...calibration, reasons: [...reasons, describeWeight(calibration, usual, embedder.isProven)] };
}

function describeWeight({ denseWeight, basis, rho }: Calibration, usual: number, isProven: boolean): string {
  const kind = isProven ? "an embedder whose vectors were checked" : "an embedder of unknown strength";
  const weight = `The vectors get ${percent(denseWeight)} of the weight`;
  if (basis === "labels") return `${weight}; without labels it would be ${percent(usual)}.`;
  if (rho === undefined) return `${weight}, as ever with ${kind}.`;
  if (denseWeight === usual)
    return `${weight}, as ever with ${kind}: queries made from pages favour words, so they may only lower it, and only where the vectors find less than half as well.`;
  return `${weight}${denseWeight < usual ? `, less than the usual ${percent(usual)}` : `, more than the usual ${percent(usual)}`} with ${kind}.`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
