import type { FusedSearchOptions } from "../chunk-store.ts";
import type { FusionName } from "../fusions/index.ts";
import type { RetrieveOptions } from "./retrieve-options.ts";

/** Fusions that are done where passages are kept, by their names in the configuration. */
const serverFusions: Readonly<Record<string, FusedSearchOptions["fusion"]>> = {
  "server-rrf": "rrf",
  "server-dbsf": "dbsf",
};

/** How the store fuses; undefined where rankings are joined here. */
export function serverFusion(fusion: RetrieveOptions["fusion"]): FusedSearchOptions["fusion"] | undefined {
  return serverFusions[fusion];
}

/** The fusion of the same kind that is done here: where there are words alone, or the store in its place has no fusion. */
export function fusionHere(fusion: RetrieveOptions["fusion"]): FusionName | "auto" | "acf" {
  return serverFusion(fusion) ?? (fusion as FusionName | "auto" | "acf");
}
