// A process that tells how many sockets more it has once the browser pool is loaded. Started by headless-hygiene.test.ts.
import { readdirSync, readlinkSync } from "node:fs";

function sockets(): number {
  const targets = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // The descriptor that listed the others.
    }
  });
  return targets.filter((target) => target.startsWith("socket:")).length;
}

const before = sockets();
await import("../../src/browser/browser-pool.ts");
process.stdout.write(`${sockets() - before} more\n`);
