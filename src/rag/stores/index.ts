/** Where passages may be searched, by the name in the configuration: in the data folder's own file, or in Qdrant. */
export const storeNames = ["sqlite", "qdrant"] as const;
export type StoreName = (typeof storeNames)[number];
