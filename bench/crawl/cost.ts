/** Prints what this process has cost so far, starting up included, and how many pages it got. */
export function cost(pages: number): void {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  console.log(
    JSON.stringify({
      pages,
      wallMs: Math.round(performance.now()),
      cpuMs: Math.round((userCPUTime + systemCPUTime) / 1_000),
      peakMb: Math.round(maxRSS / 1_024),
    }),
  );
}
