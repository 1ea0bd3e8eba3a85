/** What a process has used up to now. */
export interface Used {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Of this process, all its threads included, since it began. */
export function used(): Used {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return { wallMs: Math.round(performance.now()), cpuMs: Math.round((userCPUTime + systemCPUTime) / 1_000) };
}

/** Prints what the process has cost up to now, what of it went into loading the crawler, and how many pages it got. */
export function cost(pages: number, loaded: Used): void {
  const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
  console.log(
    JSON.stringify({ pages, ...used(), loadCpuMs: loaded.cpuMs, loadWallMs: loaded.wallMs, peakMb }),
  );
}
