import { Piscina } from "piscina";

/** Threads that each hold a model session: opened when there is work, never closed for want of it. */
export function openOnnxPool(worker: URL, data: object, threads: number): Piscina {
  return new Piscina({
    filename: worker.href,
    workerData: data,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Infinity,
    // onnxruntime reads the process's own command line on this stack: one of 16 KB overran the usual 4 MB (seen, 1.30).
    resourceLimits: { stackSizeMb: 64 },
  });
}
