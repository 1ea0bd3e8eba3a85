// What a pool's thread runs that does not end: see SilentPipe.
import { readFileSync } from "node:fs";

export default function read(path: string): string {
  return path === "" ? "" : readFileSync(path, "utf8");
}
