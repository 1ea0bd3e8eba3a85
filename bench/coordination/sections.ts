import type { Readings } from "./rows.ts";

/** What is measured together, in a process of its own. */
export const sections = {
  bus: async () => (await import("./bus.ts")).measureBus(),
  tasks: async () => (await import("./tasks.ts")).measureTasks(),
  state: async () => (await import("./state.ts")).measureState(),
  pools: async () => (await import("./pools.ts")).measurePools(),
  processes: async () => (await import("./processes.ts")).measureProcesses(),
  plans: async () => (await import("./plans.ts")).measurePlans(),
  idle: async () => (await import("./idle.ts")).measureIdle(),
  tenfold: async () => (await import("./tenfold.ts")).measureTenfold(),
} as const satisfies Readonly<Record<string, () => Promise<Readings>>>;

export type SectionName = keyof typeof sections;
export const sectionNames = Object.keys(sections) as readonly SectionName[];
