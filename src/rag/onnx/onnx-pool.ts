import { Piscina } from "piscina";

/** Threads that each hold a model session: opened when there is work, never closed for want of it. */
export function openOnnxPool(worker: URL, data: object, threads: number): Piscina {
  keepToThisMachine();
  return new Piscina({
    filename: worker.href,
    workerData: data,
    minThreads: 1,
    maxThreads: threads,
    idleTimeout: Infinity,
    // A thread that blocks until there is work did not end when it was told to (seen once, Node 24.21).
    atomics: "disabled",
    // onnxruntime reads the process's own command line on this stack: one of 16 KB overran the usual 4 MB (seen, 1.30).
    resourceLimits: { stackSizeMb: 64 },
  });
}

/**
 * onnxruntime (seen, 1.30 on Linux) reports its use to Microsoft, keeps reports and an id under `~/.cache/Microsoft`,
 * and logs in the temporary folder, unless its environment says otherwise before it is loaded.
 */
function keepToThisMachine(): void {
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
}
