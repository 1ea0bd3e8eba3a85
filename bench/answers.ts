// How good are answers, and are questions that the pages do not answer refused? Over an index made before:
//   forager crawl http://127.0.0.1:PORT/index.html --max-pages 400 --data-dir DIR     (PORT serves the manual's folder)
//   node bench/answers.ts postgresql|python --data-dir DIR [--verbose]
// The first run embeds what its questions need and keeps it; compare later runs. "absent": the subject is not indexed;
// "near": the subject is, the fact is not.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { createForager } from "../src/index.ts";

/** `expected` is a regular expression; null where the pages do not say. */
const Questions = z.array(
  z.strictObject({ query: z.string(), expected: z.string().nullable(), isNear: z.boolean().default(false) }),
);
/** As many passages as an answer is made from. */
const passages = 12;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "data-dir": { type: "string" }, verbose: { type: "boolean", default: false } },
});
const file = join(import.meta.dirname, "questions", `${positionals[0] ?? ""}.json`);
const questions = Questions.parse(JSON.parse(await readFile(file, "utf8")));
await using forager = createForager({ dataDir: values["data-dir"] });
await forager.search("warm up");

const answered: { confidence: number; abstained: boolean }[] = [];
const refusals = { absent: [] as number[], near: [] as number[] };
const counts = { found: 0, first: 0, any: 0, shown: 0, quotes: 0, absent: 0, near: 0 };
const times: number[] = [];
for (const { query, expected, isNear } of questions) {
  const started = performance.now();
  const answer = await forager.ask(query);
  times.push(performance.now() - started);
  const { confidence, abstained, citations } = answer;
  let mark = abstained ? "refused" : "ANSWERED";
  if (expected === null) {
    const kind = isNear ? "near" : "absent";
    refusals[kind].push(confidence);
    if (abstained) counts[kind] += 1;
  } else {
    const pattern = new RegExp(expected, "u");
    const holds = citations.map(({ quote }) => pattern.test(quote));
    const { hits } = await forager.search(query, { limit: passages });
    const isAny = holds.includes(true);
    answered.push({ confidence, abstained });
    counts.found += Number(hits.some(({ text }) => pattern.test(text)));
    counts.first += Number(holds[0]);
    counts.any += Number(isAny);
    counts.shown += Number(isAny && !abstained);
    if (!abstained) counts.quotes += holds.length;
    mark = `${holds[0] ? "first" : isAny ? "any  " : "WRONG"}${abstained ? " REFUSED" : ""}`;
  }
  if (values.verbose) {
    console.log(`${mark}  ${confidence.toFixed(2)}  ${query}`);
    for (const { quote, url, score } of citations)
      console.log(
        `    ${score.toFixed(2)} ${quote.replace(/\s+/g, " ").slice(0, 160)}  ${url.replace(/^.*\//, "")}`,
      );
  }
}
const of = answered.length;
const kept = answered.filter(({ abstained }) => !abstained).length;
const confidences = answered.map(({ confidence }) => confidence);
console.log(
  `answerable ${of}: in the ${passages} passages ${counts.found}, first quote holds ${counts.first}, any quote ${counts.any}, ` +
    `answered and holds ${counts.shown}, refused ${of - kept}; ${(counts.quotes / kept).toFixed(2)} quotes an answer`,
);
for (const kind of ["absent", "near"] as const) {
  console.log(
    `${kind} ${refusals[kind].length}: refused ${counts[kind]}, AUC ${auc(confidences, refusals[kind]).toFixed(3)}`,
  );
}
times.sort((left, right) => left - right);
console.log(`a question takes ${times[times.length >> 1]?.toFixed(0)} ms (median)`);

/** The chance that one of the first is above one of the second. */
function auc(above: readonly number[], below: readonly number[]): number {
  const wins = above.flatMap((high) => below.map((low) => (high > low ? 1 : high === low ? 0.5 : 0)));
  return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}
