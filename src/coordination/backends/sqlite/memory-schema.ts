/** The versioned memory's tables; part of `coordinationSchema`. */
export const memorySchema = ``;
