import { availableParallelism, totalmem } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** How this process is doing, since the last look. */
export interface Signals {
  /** What one in ten timers is late by. */
  readonly loopLagMs: number;
  /** Of the heap's limit. */
  readonly heapShare: number;
  /** Resident memory, of what the process may have. */
  readonly memoryShare: number;
  /** Of all cores. */
  readonly cpuShare: number;
}

/** Where the signals come from; tests have loads of their own. */
export interface SignalSource extends Disposable {
  read(): Signals;
}

/** Between two looks of the event loop's own clock at itself; also the least it reports. */
const resolutionMs = 50;

/** This process's own signals. Watches the event loop until disposed. */
export function systemSignals(options: { readonly memoryLimitBytes?: number } = {}): SignalSource {
  const limit = options.memoryLimitBytes ?? memoryLimit();
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return {
    read() {
      const loopLagMs = Math.max(0, delay.percentile(90) / 1e6 - resolutionMs);
      delay.reset();
      const used = process.cpuUsage(cpu);
      const elapsedMs = Math.max(1, performance.now() - at);
      cpu = process.cpuUsage();
      at = performance.now();
      const heap = getHeapStatistics();
      return {
        loopLagMs,
        heapShare: heap.used_heap_size / heap.heap_size_limit,
        memoryShare: process.memoryUsage.rss() / limit,
        cpuShare: (used.user + used.system) / 1_000 / elapsedMs / availableParallelism(),
      };
    },
    [Symbol.dispose]() {
      delay.disable();
    },
  };
}

/** What the container allows, else the machine's memory. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
