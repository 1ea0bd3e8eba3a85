import type { Fuse } from "../fusion.ts";
import { best } from "./best.ts";
import { consensus } from "./consensus.ts";
import { dbsf } from "./dbsf.ts";
import { hybrid } from "./hybrid.ts";
import { rrf } from "./rrf.ts";
import { weighted } from "./weighted.ts";

/** Every fusion by its name in the configuration. */
export const fusions = { dbsf, weighted, best, consensus, hybrid, rrf } satisfies Readonly<
  Record<string, Fuse>
>;

export type FusionName = keyof typeof fusions;
