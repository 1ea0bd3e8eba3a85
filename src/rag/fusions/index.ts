import type { Fuse } from "../fusion.ts";
import { dbsf } from "./dbsf.ts";
import { rrf } from "./rrf.ts";
import { weighted } from "./weighted.ts";

/** Every fusion by its name in the configuration. */
export const fusions = { dbsf, weighted, rrf } satisfies Readonly<Record<string, Fuse>>;

export type FusionName = keyof typeof fusions;
