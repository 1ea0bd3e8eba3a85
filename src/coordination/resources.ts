/** What agents share and hold only so much of, in the order in which they are taken. */
export const resourceNames = ["cpu", "memory", "io", "tab", "llm", "general"] as const;
export type ResourceName = (typeof resourceNames)[number];
