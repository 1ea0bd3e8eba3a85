// Are sources that contradict each other found, and nothing else taken for it? Each case of bench/questions/conflicts.json
// is indexed by itself and asked. --held-out asks those of conflicts-blind.json, which nobody tunes on; --set FILE others of
// the same shape (conflicts-fresh.json: written before the rules were cut, for totals).
//   node bench/conflicts.ts [--held-out | --set FILE] [--verbose]
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { createForager } from "../src/index.ts";

const Cases = z.array(
  z.object({
    id: z.string(),
    question: z.string(),
    isConflict: z.boolean(),
    values: z.array(z.object({ value: z.string(), hosts: z.array(z.string()) })),
    pages: z.array(z.object({ host: z.string(), path: z.string(), html: z.string() })),
  }),
);

const { values } = parseArgs({
  options: {
    "held-out": { type: "boolean", default: false },
    set: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const name = values["held-out"] ? "conflicts-blind.json" : "conflicts.json";
const file = values.set ?? join(import.meta.dirname, "questions", name);
const cases = Cases.parse(JSON.parse(await readFile(file, "utf8")));
/** What is found shall not hang on how busy the machine is. */
const patience = { answer: { compareBudgetMs: 120_000 }, retrieve: { embedBudgetMs: 60_000 } };
const counts = { planted: 0, found: 0, bothCited: 0, alike: 0, taken: 0, refused: 0 };
for (const { id, question, isConflict, values: sides, pages } of cases) {
  const folder = await mkdtemp(join(tmpdir(), "forager-conflicts-"));
  try {
    await using forager = createForager({ dataDir: folder, ...patience });
    await forager.add(pages.map(({ host, path, html }) => ({ url: `https://${host}${path}`, html })));
    const { conflicts, abstained } = await forager.ask(question);
    const cited = new Set(
      conflicts.flatMap((one) =>
        one.sides.flatMap((side) => side.citations.map(({ url }) => new URL(url).host)),
      ),
    );
    const isBothCited = sides.every(({ hosts }) => hosts.some((host) => cited.has(host)));
    counts.refused += Number(abstained);
    if (isConflict) {
      counts.planted += 1;
      counts.found += Number(conflicts.length > 0);
      counts.bothCited += Number(conflicts.length > 0 && isBothCited);
    } else {
      counts.alike += 1;
      counts.taken += Number(conflicts.length > 0);
    }
    if (values.verbose && !values["held-out"] && conflicts.length > 0 !== isConflict)
      console.log(id, question);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
const { planted, found, bothCited, alike, taken, refused } = counts;
console.log(
  `planted ${planted}: found ${found}, both sides cited ${bothCited}; look-alikes ${alike}: taken for one ${taken}; refused ${refused} of ${cases.length}`,
);
