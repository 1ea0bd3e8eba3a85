// How fast is search, and what does it cost on disk and in memory? FTS5 answers the same queries beside ours.
//   node bench/search.ts [--sizes 10000,100000,1000000] [--folder DIR] [--queries 100] [--seed 7]
// What is built stays in the folder and is measured again by the next run; a build that was ended goes on.
// A million passages take 6 GB of disk and a quarter of an hour to build.
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readBuilt } from "./search/build.ts";
import { type Figure, table } from "./search/figures.ts";

/** As Forager is started. */
const flag = "--max-semi-space-size=8";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "10000,100000" },
    folder: { type: "string", default: join(tmpdir(), "forager-bench-search") },
    queries: { type: "string", default: "100" },
    seed: { type: "string", default: "7" },
  },
});
const { sizes, folder, queries, seed } = values;
const columns = sizes.split(",");
const figures = columns.map((size) => {
  const own = join(folder, `${size}-${seed}`);
  if (!readBuilt(own)) run("build.ts", own, size, seed);
  return JSON.parse(run("measure.ts", own, size, seed, queries)) as Figure[];
});
console.log(table(columns, figures));

/** In a process of its own, so that each measures its own memory. */
function run(file: string, ...args: string[]): string {
  const { status, stdout } = spawnSync(
    process.execPath,
    [flag, join(import.meta.dirname, "search", file), ...args],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) throw new Error(`${file} ended with ${status}`);
  return stdout;
}
