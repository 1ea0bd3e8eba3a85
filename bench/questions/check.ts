// Are the question sets true to their manuals? Checks each against the pages it was written from, and exits 1 on a fault:
//   node bench/questions/check.ts [SET...] [--root FOLDER] [--verbose]     SET: a file here, without .json; all of them if none
// Answerable: every named page exists and holds what `expected` asks for, and one holds `answer` word for word,
// which matches, too. Of the set in several languages: every page exists, in the question's language.
// Absent and near: `mustNot` is on no page. With --verbose: pages beyond the named ones that `expected` matches, to judge by eye.
import { existsSync } from "node:fs";
import { readFile, readdir } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { decodeText } from "../../src/content/charset.ts";
import { fullText } from "../../src/content/full-text.ts";
import { parseHtml } from "../../src/content/html-tree.ts";

const Answerable = z.strictObject({
  id: z.string(),
  query: z.string(),
  kind: z.literal("answerable"),
  type: z.string().describe("What sort of answer: number, default, yes-no, reason ..."),
  expected: z.string().describe("A regular expression (flag u) that a right sentence matches"),
  answer: z.string().describe("Word for word on one of the pages, white space aside"),
  pages: z.array(z.string()).min(1).max(5),
});
const Unanswerable = z.strictObject({
  id: z.string(),
  query: z.string(),
  kind: z.enum(["absent", "near"]),
  mustNot: z.string().describe("A regular expression (flags iu) that matches on no page of the manual"),
});
const QuestionSet = z.strictObject({
  manual: z.string(),
  package: z.string(),
  root: z.string(),
  start: z.string(),
  maxPages: z.int(),
  role: z.enum(["development", "held-out"]),
  questions: z.array(z.discriminatedUnion("kind", [Answerable, Unanswerable])),
});

/** One question to several hosts. `values` are verbatim on the pages of their hosts; `isConflict` says whether they contradict. */
const ConflictCases = z.array(
  z.strictObject({
    id: z.string(),
    question: z.string(),
    about: z.string(),
    kind: z.string(),
    isConflict: z.boolean(),
    values: z.array(z.strictObject({ value: z.string(), hosts: z.array(z.string()).min(1) })).min(1),
    pages: z
      .array(
        z.strictObject({
          host: z.string(),
          path: z.string(),
          html: z.string(),
          published: z.iso.date().optional(),
        }),
      )
      .min(2),
  }),
);

/** The set in several languages, a line each, as `forager evaluate` reads it. */
const languages = "handbook-languages";
const LanguageQuestion = z.strictObject({
  id: z.string(),
  query: z.string(),
  class: z.string(),
  relevant: z.array(z.string()).min(1),
});

/** More than any manual's longest page. */
const maxLength = 10_000_000;
/** Older sets, in the shape that `bench/answers.ts` reads. */
const others = new Set(["postgresql", "python"]);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { root: { type: "string" }, verbose: { type: "boolean", default: false } },
});
const names =
  positionals.length > 0
    ? positionals
    : (await readdir(import.meta.dirname))
        .filter((file) => /\.jsonl?$/.test(file))
        .map((file) => basename(file, extname(file)))
        .filter((name) => !others.has(name));
for (const name of names) {
  if (name.startsWith("conflicts")) await checkConflicts(name);
  else if (name === languages) await checkLanguages(name);
  else await check(name);
}

async function check(name: string): Promise<void> {
  const set = QuestionSet.parse(
    JSON.parse(await readFile(join(import.meta.dirname, `${name}.json`), "utf8")),
  );
  const pages = await readPages(values.root ?? set.root);
  const faults: string[] = [];
  const asked = new Set<string>();
  const counts: Record<string, number> = {};
  for (const question of set.questions) {
    const { id, query, kind } = question;
    const fault = (text: string): number => faults.push(`${id} "${query}": ${text}`);
    counts[kind] = (counts[kind] ?? 0) + 1;
    for (const key of [id, query.toLowerCase()]) {
      if (asked.has(key)) fault(`${key} stands twice`);
      asked.add(key);
    }
    if (kind !== "answerable") {
      const mustNot = new RegExp(question.mustNot, "iu");
      for (const [page, text] of pages) if (mustNot.test(text)) fault(`${page} holds ${question.mustNot}`);
      continue;
    }
    const expected = new RegExp(question.expected, "u");
    for (const page of question.pages) {
      const text = pages.get(page);
      if (text === undefined) fault(`${page} is not in the manual`);
      else if (!expected.test(text)) fault(`${page} does not match ${question.expected}`);
    }
    const answer = question.answer.replace(/\s+/gu, " ");
    if (!expected.test(answer)) fault(`"${answer}" does not match ${question.expected}`);
    if (!question.pages.some((page) => pages.get(page)?.includes(answer))) fault(`no page holds "${answer}"`);
    for (const [page, text] of pages)
      if (values.verbose && !question.pages.includes(page) && expected.test(text))
        console.log(`${id}: ${page} matches too`);
  }
  report(name, `${set.role}, ${pages.size} pages, ${JSON.stringify(counts)}`, faults);
}

async function checkConflicts(name: string): Promise<void> {
  const file = join(import.meta.dirname, `${name}.json`);
  const cases = ConflictCases.parse(JSON.parse(await readFile(file, "utf8")));
  const faults: string[] = [];
  const taken = new Set<string>();
  for (const { id, question, isConflict, values: claims, pages } of cases) {
    for (const key of [id, question, ...pages.map(({ host, path }) => host + path)]) {
      if (taken.has(key)) faults.push(`${key} stands twice`);
      taken.add(key);
    }
    if (isConflict && claims.length < 2) faults.push(`${id}: one value is no conflict`);
    for (const { value, hosts } of claims)
      for (const { host, html } of pages)
        if (hosts.includes(host) !== html.includes(value) && (isConflict || hosts.includes(host)))
          faults.push(`${id}: "${value}" on ${host}`);
  }
  report(name, `${cases.filter(({ isConflict }) => isConflict).length} of ${cases.length} conflict`, faults);
}

async function checkLanguages(name: string): Promise<void> {
  const lines = (await readFile(join(import.meta.dirname, `${name}.jsonl`), "utf8")).trim().split("\n");
  const questions = lines.map((line) => LanguageQuestion.parse(JSON.parse(line)));
  const root = values.root ?? "/usr/share/doc/debian-handbook/html";
  const faults: string[] = [];
  const asked = new Set<string>();
  for (const { id, query, class: language, relevant } of questions) {
    for (const key of [id, query.toLowerCase()]) {
      if (asked.has(key)) faults.push(`${key} stands twice`);
      asked.add(key);
    }
    for (const page of relevant) {
      if (!page.startsWith(`${language}-`)) faults.push(`${id}: ${page} is in another language`);
      if (!existsSync(join(root, page))) faults.push(`${id}: ${page} is not there`);
    }
  }
  report(name, `${questions.length} questions`, faults);
}

/** Prints what was found; any fault makes the run fail. */
function report(name: string, summary: string, faults: readonly string[]): void {
  console.log(`${name}: ${summary}, ${faults.length} faults`);
  for (const fault of faults) console.log(`  ${fault}`);
  if (faults.length > 0) process.exitCode = 1;
}

/** The visible text of every page, white space collapsed, by its path below the manual's folder. */
async function readPages(root: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  for (const file of await readdir(root, { recursive: true })) {
    if (!file.endsWith(".html")) continue;
    const bytes = await readFile(join(root, file));
    const { text } = decodeText(bytes, {
      contentType: "text/html; charset=utf-8",
      isUtf8: false,
      hasMeta: true,
    });
    const { root: tree } = parseHtml(text, { maxNodes: maxLength, maxDepth: 500 });
    pages.set(file, fullText(tree, maxLength).replace(/\s+/gu, " "));
  }
  return pages;
}
