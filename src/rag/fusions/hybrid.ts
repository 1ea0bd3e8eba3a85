import type { Fuse } from "../fusion.ts";
import { mostSure } from "./best.ts";
import { agreed } from "./consensus.ts";
import { fuseBy, weightedMean } from "./weighted-sum.ts";
import { minMax } from "./weighted.ts";

/** A mixture of the weighted mean, the surest list and agreement. */
export const hybrid: Fuse = (rankings) =>
  fuseBy(
    rankings,
    minMax,
    (opinions) => 0.6 * weightedMean(opinions) + 0.25 * mostSure(opinions) + 0.15 * agreed(opinions),
  );
