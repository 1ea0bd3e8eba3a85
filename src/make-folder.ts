import { existsSync, mkdirSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/** The nearest folder above, or at, `path` that is there. */
export function nearestFolder(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}

/**
 * Makes a folder and those above it that are missing. Node's own `recursive` tries for ever where the system says that the
 * folder above is not there although it is, as in /proc.
 * @throws What the system says when one of them cannot be made.
 */
export function makeFolder(path: string): void {
  let folder = dirname(nearestFolder(path));
  for (const name of relative(folder, resolve(path)).split(sep)) {
    folder = join(folder, name);
    try {
      mkdirSync(folder);
    } catch (error) {
      if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
    }
  }
}
