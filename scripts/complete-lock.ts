import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

// Completes package-lock.json after `npm install`. A registry mirror that lacks the binaries of other platforms leaves
// them out of the lock file, and `npm ci` then refuses it ("Missing: ... from lock file"). Named with their version,
// os and cpu they are complete for npm, which skips them here and installs them on the machines they are for.

const lockPath = join(import.meta.dirname, "..", "package-lock.json");
const platform = /(?:binding-|\/)(android|darwin|freebsd|linux|openharmony|win32)-([a-z0-9]+)(?:-(.+))?$/;

interface LockEntry {
  readonly [field: string]: unknown;
  readonly dev?: boolean;
  readonly license?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

// Not parsed by a schema, which would put the fields in another order.
const lock = JSON.parse(await readFile(lockPath, "utf8")) as { packages: Record<string, LockEntry> };
let added = 0;
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const [, os, cpu, abi = ""] = platform.exec(name) ?? [];
    const isExact = /^\d+\.\d+\.\d+$/.test(version);
    if (os === undefined || !isExact || lock.packages[`node_modules/${name}`] !== undefined) continue;
    lock.packages[`node_modules/${name}`] = {
      version,
      cpu: [cpu],
      ...(parent.dev === true ? { dev: true } : {}),
      ...(os === "linux" && abi !== "" ? { libc: [abi.startsWith("musl") ? "musl" : "glibc"] } : {}),
      ...(parent.license === undefined ? {} : { license: parent.license }),
      optional: true,
      os: [os],
    };
    added++;
  }
}
const sorted = Object.entries(lock.packages).toSorted(([left], [right]) => left.localeCompare(right, "en"));
await writeFile(lockPath, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
console.log(`package-lock.json: ${added} packages of other platforms added.`);
