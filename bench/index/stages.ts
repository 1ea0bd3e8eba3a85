/** What a stretch of work took. CPU is of all threads of the process. */
export interface Spent {
  readonly wallMs: number;
  readonly cpuMs: number;
}

export async function spent(work: () => Promise<unknown>): Promise<Spent> {
  const started = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { wallMs: performance.now() - started, cpuMs: (user + system) / 1_000 };
}

/** What one process did, by stage, and the most memory it had. */
export interface Report {
  readonly chunks: number;
  readonly stages: Readonly<Record<string, Spent>>;
  readonly peakMb: number;
}

/** For the process that started this one. */
export function report(chunks: number, stages: Report["stages"]): void {
  const peakMb = process.resourceUsage().maxRSS / 1_024;
  console.log(JSON.stringify({ chunks, stages, peakMb } satisfies Report));
}
