// How well and at what cost are pages read? Prints word F1 by type and CPU time by step, and writes predictions to score.
//   node bench/read.ts --pages ../shared/pages [--out predictions.jsonl]    the labelled set
//   node bench/read.ts --html DIR                                           any folder of HTML files: time only
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import zlib from "node:zlib";
import { decodeText } from "../src/content/charset.ts";
import { fullText } from "../src/content/full-text.ts";
import { parseHtml } from "../src/content/html-tree.ts";
import { LinkResolver } from "../src/content/link-resolver.ts";
import { collectLinks } from "../src/content/links.ts";
import { chooseMainContent } from "../src/content/main-content.ts";
import { readMetadata } from "../src/content/metadata.ts";
import { ReadOptions } from "../src/content/read-options.ts";
import { readPage } from "../src/content/read-page.ts";
import { render } from "../src/content/render.ts";
import { markupSignals } from "../src/content/signals.ts";
import { readStructured } from "../src/content/structured-data.ts";
import { survey } from "../src/content/survey.ts";
import type { FetchedPage } from "../src/document.ts";

interface LabelledPage {
  readonly id: string;
  readonly url: string;
  readonly type: string;
  readonly title: string | null;
  readonly author: string | null;
  readonly date: string | null;
  readonly main: string;
  readonly html: string;
}

const { values: flags } = parseArgs({
  options: {
    pages: { type: "string" },
    html: { type: "string" },
    out: { type: "string" },
    worst: { type: "string", default: "0" },
  },
});
const options = ReadOptions.parse({});

if (flags.pages !== undefined) await scoreLabelled(flags.pages);
else if (flags.html !== undefined) await timeFolder(flags.html);
else {
  console.error("usage: read.ts --pages DIR [--out FILE] [--worst N] | --html DIR");
  process.exitCode = 2;
}

async function scoreLabelled(folder: string): Promise<void> {
  const packed = fs.readFileSync(path.join(folder, "pages.jsonl.br"));
  const lines = zlib.brotliDecompressSync(packed).toString("utf8").trimEnd().split("\n");
  const labelled = lines.map((line): LabelledPage => JSON.parse(line));
  const scored: {
    type: string;
    url: string;
    id: string;
    isHeldOut: boolean;
    f1: number;
    precision: number;
    recall: number;
  }[] = [];
  const right = { title: 0, author: 0, date: 0, titles: 0, authors: 0, dates: 0 };
  const predictions: string[] = [];
  for (const page of labelled) {
    const outcome = await readPage(fetched(page.url, Buffer.from(page.html)), options);
    if (outcome.kind !== "document") throw new Error(`${page.id}: ${outcome.kind}`);
    const { text, title, author, publishedAt: date } = outcome.document;
    predictions.push(JSON.stringify({ id: page.id, text, title, author, date }));
    scored.push({
      type: page.type,
      url: page.url,
      id: page.id,
      isHeldOut: isHeldOut(page.url),
      ...wordF1(text, page.main),
    });
    count(page, { title, author, date }, right);
  }
  for (const part of ["all", "work", "held out"]) {
    const list = scored.filter((row) => part === "all" || row.isHeldOut === (part === "held out"));
    const types = [...new Set(list.map((row) => row.type))].sort();
    const cells = types.map(
      (type) => `${type} ${mean(list.filter((row) => row.type === type).map((row) => row.f1))}`,
    );
    console.log(
      `${part.padEnd(8)} ${list.length} pages: F1 ${mean(list.map((row) => row.f1))} | ${cells.join(" | ")}`,
    );
  }
  console.log(
    `title ${right.title} of ${right.titles}, author ${right.author} of ${right.authors}, date ${right.date} of ${right.dates}`,
  );
  for (const row of scored
    .filter((row) => !row.isHeldOut)
    .sort((a, b) => a.f1 - b.f1)
    .slice(0, Number(flags.worst))) {
    console.log(
      row.id,
      row.type,
      row.f1.toFixed(3),
      `P ${row.precision.toFixed(2)} R ${row.recall.toFixed(2)}`,
      row.url,
    );
  }
  if (flags.out !== undefined) fs.writeFileSync(flags.out, `${predictions.join("\n")}\n`);
  await time(labelled.map((page) => ({ url: page.url, body: Buffer.from(page.html) })));
}

async function timeFolder(folder: string): Promise<void> {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith(".html"));
  await time(
    files.map((name) => ({
      url: `https://example.org/docs/${name}`,
      body: fs.readFileSync(path.join(folder, name)),
    })),
  );
}

/** CPU of the whole, then of each step alone; the first pass warms the compiler. */
async function time(pages: readonly { readonly url: string; readonly body: Buffer }[]): Promise<void> {
  const bytes = pages.reduce((sum, page) => sum + page.body.length, 0);
  console.log(
    `${pages.length} pages, ${Math.round(bytes / pages.length / 1000)} KB on average; CPU ms a page:`,
  );
  for (const page of pages.slice(0, 100)) await readPage(fetched(page.url, page.body), options);
  const begun = process.cpuUsage();
  for (const page of pages) await readPage(fetched(page.url, page.body), options);
  const used = process.cpuUsage(begun);
  console.log("  all", ((used.user + used.system) / 1000 / pages.length).toFixed(2));
  const steps: Record<string, number> = {};
  const step = <T>(name: string, run: () => T): T => {
    const start = process.hrtime.bigint();
    const result = run();
    steps[name] = (steps[name] ?? 0) + Number(process.hrtime.bigint() - start) / 1e6 / pages.length;
    return result;
  };
  for (const { url, body } of pages) {
    const { text } = step("decode", () =>
      decodeText(body, { contentType: "text/html", isUtf8: false, hasMeta: true }),
    );
    const tree = step("parse", () => parseHtml(text, options));
    const found = step("survey", () => survey(tree.root, { hasScripts: false }));
    const resolver = new LinkResolver(url, []);
    const structured = step("json-ld", () => readStructured(found, options));
    step("metadata", () => readMetadata(found, structured, resolver, ""));
    step("links", () => collectLinks(found, resolver, { maxLinks: 5_000, isPageNofollow: false }));
    step("signals", () => markupSignals(found, tree.root, resolver));
    const main = step("main", () => chooseMainContent(tree.root, found, structured, url));
    step("render", () => render(main, resolver, options.maxTextLength));
    step("full text", () => fullText(tree.root, options.maxTextLength));
  }
  for (const [name, ms] of Object.entries(steps)) console.log(`  ${name} ${ms.toFixed(2)}`);
}

function fetched(url: string, body: Uint8Array): FetchedPage {
  const headers = { "content-type": "text/html; charset=utf-8" };
  return {
    requestedUrl: url,
    finalUrl: url,
    httpStatus: 200,
    headers,
    body,
    wireBytes: body.length,
    tier: "http",
    rendered: false,
    fetchedAt: 0,
  };
}

/** One host in three, by hash: what rules were not tried on. */
function isHeldOut(url: string): boolean {
  let hash = 0;
  for (const character of URL.parse(url)?.hostname ?? url)
    hash = (Math.imul(hash, 31) + character.charCodeAt(0)) >>> 0;
  return hash % 3 === 0;
}

function wordF1(predicted: string, wanted: string): { f1: number; precision: number; recall: number } {
  const have = words(predicted);
  const want = words(wanted);
  const counts = new Map<string, number>();
  for (const word of have) counts.set(word, (counts.get(word) ?? 0) + 1);
  let both = 0;
  for (const word of want) {
    const left = counts.get(word) ?? 0;
    if (left > 0) both++;
    counts.set(word, left - 1);
  }
  const precision = have.length > 0 ? both / have.length : Number(want.length === 0);
  const recall = want.length > 0 ? both / want.length : Number(have.length === 0);
  return {
    precision,
    recall,
    f1: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0,
  };
}

function count(
  page: LabelledPage,
  got: { readonly title: string; readonly author: string; readonly date: string },
  right: { title: number; author: number; date: number; titles: number; authors: number; dates: number },
): void {
  for (const key of ["title", "author"] as const) {
    const wanted = page[key];
    if (wanted === null || wanted === "") continue;
    const [a, b] = [words(got[key]).join(" "), words(wanted).join(" ")];
    right[`${key}s`]++;
    if (a !== "" && (a.includes(b) || b.includes(a))) right[key]++;
  }
  if (page.date === null || page.date === "") return;
  right.dates++;
  if (got.date.slice(0, 10) === page.date.slice(0, 10)) right.date++;
}

function words(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}

function mean(list: readonly number[]): string {
  return list.length === 0 ? "-" : (list.reduce((sum, value) => sum + value, 0) / list.length).toFixed(3);
}
