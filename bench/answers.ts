// How good are answers, and are questions that the pages do not answer refused? Over an index made before:
//   forager crawl http://127.0.0.1:PORT/index.html --max-pages 400 --embed all --data-dir DIR   (PORT serves the manual's folder)
//   node bench/answers.ts SET --data-dir DIR [--words] [--typos SEED] [--verbose]   SET: a file in bench/questions, without .json
// --words: without an embedder. --typos: one slip of the keys in each question.
// "absent": the subject is not indexed; "near": the subject is, the fact is not. A quote
// holds the answer when it matches what was expected, white space collapsed. A held-out set prints totals alone.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { createForager } from "../src/index.ts";
import { typist } from "./typos.ts";

/** The older shape: `expected` is a regular expression, null where the pages do not say. */
const PlainQuestions = z.array(
  z.strictObject({ query: z.string(), expected: z.string().nullable(), isNear: z.boolean().default(false) }),
);
const QuestionSet = z.object({
  role: z.enum(["development", "held-out"]),
  questions: z.array(
    z.object({
      query: z.string(),
      kind: z.enum(["answerable", "absent", "near"]),
      expected: z.string().optional(),
    }),
  ),
});
/** As many passages as an answer is made from. */
const passages = 12;
/** The most that is read at a glance. */
const glanceWords = 40;
const bins = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "data-dir": { type: "string" },
    words: { type: "boolean", default: false },
    typos: { type: "string" },
    verbose: { type: "boolean", default: false },
  },
});
const file = join(import.meta.dirname, "questions", `${positionals[0] ?? ""}.json`);
const { questions, isOpen } = parsed(JSON.parse(await readFile(file, "utf8")));
await using forager = createForager({
  dataDir: values["data-dir"],
  ...(values.words ? { embedder: "none" as const } : {}),
});
await forager.ask("warm up");

const confidences = { answerable: [] as number[], absent: [] as number[], near: [] as number[] };
const refused = { answerable: 0, absent: 0, near: 0 };
const counts = { found: 0, first: 0, firstAtGlance: 0, two: 0, any: 0, shown: 0, spans: 0, quotes: 0 };
const words: number[] = [];
const times: number[] = [];
const stated: { readonly confidence: number; readonly isRight: boolean }[] = [];
const typed = values.typos === undefined ? (query: string) => query : typist(Number(values.typos));
for (const { query: meant, kind, expected } of questions) {
  const query = typed(meant);
  const started = performance.now();
  const answer = await forager.ask(query);
  times.push(performance.now() - started);
  const { confidence, abstained, citations } = answer;
  confidences[kind].push(confidence);
  if (abstained) refused[kind] += 1;
  let mark = abstained ? "refused" : "ANSWERED";
  let isRight = false;
  if (expected) {
    const holds = citations.map(({ quote }) => holdsIt(expected, quote));
    const length = (citations[0]?.quote ?? "").match(/\S+/gu)?.length ?? 0;
    const { hits } = await forager.search(query, { limit: passages });
    isRight = holds[0] === true;
    counts.found += Number(hits.some(({ text }) => holdsIt(expected, text)));
    counts.first += Number(isRight);
    counts.firstAtGlance += Number(isRight && length <= glanceWords);
    counts.two += Number(holds.slice(0, 2).includes(true));
    counts.any += Number(holds.includes(true));
    counts.shown += Number(isRight && !abstained);
    counts.spans += Number(citations[0]?.answer !== undefined);
    counts.quotes += citations.length;
    words.push(length);
    mark = `${isRight ? "first" : holds.includes(true) ? "any  " : "WRONG"}${abstained ? " REFUSED" : ""}`;
  }
  stated.push({ confidence, isRight });
  if (values.verbose && isOpen) {
    console.log(`${mark}  ${confidence.toFixed(2)}  ${query}`);
    for (const { quote, url, score, answer: span, start } of citations) {
      const value = span ? ` [${quote.slice(span.start - start, span.end - start)}]` : "";
      const shown = quote.replace(/\s+/g, " ").slice(0, 240);
      console.log(`    ${score.toFixed(2)} ${shown}${value}  ${url.replace(/^.*\//, "")}`);
    }
  }
}
const of = confidences.answerable.length;
const share = (count: number) => `${count} (${(count / of).toFixed(3)})`;
console.log(
  `answerable ${of}: in the ${passages} passages ${counts.found}; first quote holds it ${share(counts.first)}, in ` +
    `${glanceWords} words ${share(counts.firstAtGlance)}, one of the first two ${share(counts.two)}, any ${share(counts.any)}; ` +
    `first quote ${mean(words).toFixed(1)} words, ${(counts.quotes / of).toFixed(2)} quotes, a value marked in ${counts.spans}`,
);
console.log(`refused ${refused.answerable}; answered and right ${share(counts.shown)}`);
for (const kind of ["absent", "near"] as const) {
  const area = auc(confidences.answerable, confidences[kind]).toFixed(3);
  console.log(`${kind} ${confidences[kind].length}: refused ${refused[kind]}, AUC ${area}`);
}
times.sort((left, right) => left - right);
console.log(
  `calibration error of the stated confidence ${calibrationError().toFixed(3)}; a question takes ` +
    `${times[times.length >> 1]?.toFixed(0)} ms (median), ${times[Math.floor(times.length * 0.95)]?.toFixed(0)} ms (p95)`,
);

function parsed(data: unknown): {
  readonly questions: readonly {
    readonly query: string;
    readonly kind: "answerable" | "absent" | "near";
    readonly expected: RegExp | undefined;
  }[];
  readonly isOpen: boolean;
} {
  if (!Array.isArray(data)) {
    const set = QuestionSet.parse(data);
    const asked = set.questions.map(({ expected, ...question }) => ({
      ...question,
      expected: expected === undefined ? undefined : new RegExp(expected, "u"),
    }));
    return { questions: asked, isOpen: set.role === "development" };
  }
  const asked = PlainQuestions.parse(data).map(({ query, expected, isNear }) =>
    expected === null
      ? { query, kind: isNear ? ("near" as const) : ("absent" as const), expected: undefined }
      : { query, kind: "answerable" as const, expected: new RegExp(expected, "u") },
  );
  return { questions: asked, isOpen: true };
}

function holdsIt(expected: RegExp, text: string): boolean {
  return expected.test(text.replace(/\s+/g, " ").trim());
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}

/** The chance that one of the first is above one of the second. */
function auc(above: readonly number[], below: readonly number[]): number {
  return mean(above.flatMap((high) => below.map((low) => (high > low ? 1 : high === low ? 0.5 : 0))));
}

/** Mean distance of the stated confidence from how often the first quote is right, over ten equal bins. */
function calibrationError(): number {
  const ofBins = Map.groupBy(stated, ({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)));
  const distances = [...ofBins.values()].map((members) => {
    const isRight = mean(members.map((member) => Number(member.isRight)));
    return members.length * Math.abs(isRight - mean(members.map(({ confidence }) => confidence)));
  });
  return distances.reduce((sum, distance) => sum + distance, 0) / stated.length;
}
