import { createSqliteBackend } from "./sqlite/index.ts";

/** Coordination backends by their name in the configuration. */
export const coordinationBackends = { sqlite: createSqliteBackend };
