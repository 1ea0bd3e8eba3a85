import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly hostname: string;
  /** Boot, process namespace and start of the process where the system tells them (Linux), else "". */
  readonly mark: string;
}

/** The process this runs in. */
export function ownProcess(): ProcessIdentity {
  return { pid: process.pid, hostname: hostname(), mark: markOf(process.pid) ?? "" };
}

/** `1234@box:mark`, for a lease's row. */
export function formatProcess(identity: ProcessIdentity): string {
  return `${identity.pid}@${identity.hostname}:${identity.mark}`;
}

/** Reads what {@link formatProcess} wrote. */
export function parseProcess(text: string): ProcessIdentity {
  const match = /^(\d+)@([^:]*):(.*)$/.exec(text);
  return { pid: Number(match?.[1] ?? 0), hostname: match?.[2] ?? "", mark: match?.[3] ?? "" };
}

/**
 * Whether a process has certainly ended. Where that cannot be seen from here (another machine, another container)
 * it counts as alive.
 */
export function isGone(identity: ProcessIdentity): boolean {
  const own = ownProcess();
  if (identity.hostname !== own.hostname || identity.pid === 0) return false;
  if (own.mark === "") return !answersSignals(identity.pid);
  const [boot, space] = identity.mark.split(".");
  const [ownBoot, ownSpace] = own.mark.split(".");
  if (boot !== ownBoot) return true;
  return space === ownSpace && markOf(identity.pid) !== identity.mark;
}

/** Undefined when there is no such process, or it only waits for its parent to notice its end. */
function markOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
    const space = readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "");
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // proc(5): the name, field 2, may hold spaces and brackets; state is field 3 and starttime field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return undefined;
    return `${boot}.${space}.${fields[19] ?? ""}`;
  } catch {
    // No /proc on this system, or no such process in it.
    return undefined;
  }
}

function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
