import { availableParallelism, totalmem } from "node:os";
import { createHistogram } from "node:perf_hooks";
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

/** Between two ticks by which the event loop's lateness is seen. */
const tickMs = 50;

/** This process's own signals. Watches the event loop until disposed. */
export function systemSignals(options: { readonly memoryLimitBytes?: number } = {}): SignalSource {
  const limit = options.memoryLimitBytes ?? memoryLimit();
  const lateness = new Lateness();
  let cpu = process.cpuUsage();
  let at = performance.now();
  return {
    read() {
      const loopLagMs = lateness.read();
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
      lateness[Symbol.dispose]();
    },
  };
}

/**
 * How late the event loop is, by a timer of its own: after each reset, Node's `monitorEventLoopDelay` is blind until
 * it has ticked once more, and so to whatever a look at it sets going.
 */
class Lateness implements Disposable {
  readonly #seen = createHistogram();
  readonly #timer = setInterval(() => this.#tick(), tickMs).unref();
  #due = performance.now() + tickMs;

  /** What nine of ten ticks since the last look were late by at most, in milliseconds; a tick now due counts as one. */
  read(): number {
    if (performance.now() > this.#due) this.#tick();
    const late = this.#seen.percentile(90);
    this.#seen.reset();
    return late;
  }

  #tick(): void {
    const now = performance.now();
    this.#seen.record(Math.max(1, Math.round(now - this.#due)));
    this.#due = now + tickMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** What the container allows, else the machine's memory. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}
