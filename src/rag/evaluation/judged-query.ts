import { z } from "zod";
import { OptionsError, messageOf } from "../../errors.ts";

/** What people know about a query's answer. */
export interface Judgement {
  /** Grade of each document by its name: a URL, or the end of one. */
  readonly grades: ReadonlyMap<string, number>;
  /** False: the pages do not say, and the right answer is none. */
  readonly isAnswerable?: boolean;
  /** Found in every right answer. */
  readonly expected?: RegExp;
  /** Queries of one class are reported on their own, too. */
  readonly class?: string;
}

/** A query with what is known about it. */
export interface JudgedQuery extends Judgement {
  readonly id: string;
  readonly text: string;
}

const Name = z.union([z.string().min(1), z.number()]).transform(String);
const Fields = z.object({
  id: Name.optional(),
  query: z.string().optional(),
  question: z.string().optional(),
  relevant: z.union([z.array(Name), z.record(z.string(), z.number())]).optional(),
  answerable: z.boolean().optional(),
  expected: z.string().optional(),
  class: z.string().optional(),
});

/** A line that was read, with where it stands. */
interface Line extends Partial<Judgement> {
  readonly id: string;
  readonly text?: string;
  readonly place: string;
}

/** A file that was read. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Reads queries and what is known about them.
 *
 * Queries: one a line, plain, or JSON `{"id", "query"}`; without an id, the number of the line is taken.
 * Qrels: TREC lines `query 0 document grade`, or JSON `{"id", "relevant": [documents] or {document: grade}}`.
 * A JSON line of either file may say `"answerable": false`, `"expected"` (a regular expression that right answers
 * match) and `"class"`. A query of the first file without any judgement is left out of the figures.
 * @throws {OptionsError} Naming file and line of what cannot be used.
 */
export function readJudgedQueries(queries: TextFile, qrels?: TextFile): JudgedQuery[] {
  const found = new Map<string, JudgedQuery>();
  for (const line of linesOf(queries, readQueryLine)) {
    if (line.text === undefined) throw wrong(line.place, 'a query is plain text or {"id", "query"}');
    if (found.has(line.id)) throw wrong(line.place, `there is a query "${line.id}" already`);
    found.set(line.id, addTo({ id: line.id, text: line.text, grades: new Map() }, line));
  }
  if (found.size === 0) throw wrong(queries.path, "holds no query");
  for (const line of qrels ? linesOf(qrels, readQrelsLine) : []) {
    const query = found.get(line.id);
    if (!query) throw wrong(line.place, `there is no query "${line.id}" in ${queries.path}`);
    found.set(line.id, addTo(query, line));
  }
  if ([...found.values()].every((query) => !isJudged(query)))
    throw wrong(
      qrels?.path ?? queries.path,
      'nothing says which documents are relevant, nor "answerable" or "expected"',
    );
  return [...found.values()];
}

/** True when anything is known that a result can be held against. */
export function isJudged({ grades, isAnswerable, expected }: Judgement): boolean {
  return grades.size > 0 || isAnswerable !== undefined || expected !== undefined;
}

function addTo(query: JudgedQuery, line: Line): JudgedQuery {
  const grades = new Map(query.grades);
  for (const [name, grade] of line.grades ?? []) {
    const before = grades.get(name);
    if (before !== undefined && before !== grade)
      throw wrong(line.place, `"${name}" has the grade ${before} already, for query "${line.id}"`);
    grades.set(name, grade);
  }
  const { isAnswerable = query.isAnswerable, expected = query.expected, class: group = query.class } = line;
  if (isAnswerable === false && expected)
    throw wrong(line.place, `query "${line.id}" cannot be unanswerable and have an expected answer`);
  return {
    id: query.id,
    text: query.text,
    grades,
    ...(isAnswerable === undefined ? {} : { isAnswerable }),
    ...(expected === undefined ? {} : { expected }),
    ...(group === undefined ? {} : { class: group }),
  };
}

function linesOf(file: TextFile, read: (text: string, place: string, number: number) => Line): Line[] {
  return file.text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line, index) =>
      line.trim() === "" ? [] : [read(line.trim(), `${file.path}, line ${index + 1}`, index + 1)],
    );
}

function readQueryLine(text: string, place: string, number: number): Line {
  return text.startsWith("{")
    ? readJsonLine(text, place, String(number))
    : { id: String(number), text, place };
}

function readQrelsLine(text: string, place: string): Line {
  if (text.startsWith("{")) {
    const line = readJsonLine(text, place);
    if (line.id === "") throw wrong(place, 'the "id" of the query is missing');
    return line;
  }
  const [id = "", , name = "", grade = "", ...rest] = text.split(/\s+/);
  if (!/^-?\d+$/.test(grade) || rest.length > 0)
    throw wrong(place, 'it is neither "query 0 document grade" nor {"id", "relevant"}');
  return { id, grades: new Map([[name, Number(grade)]]), place };
}

function readJsonLine(text: string, place: string, numbered = ""): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(place, `not JSON: ${messageOf(cause)}`, cause);
  }
  const parsed = Fields.safeParse(value);
  if (!parsed.success) throw new OptionsError(place, parsed.error);
  const { id = numbered, relevant, answerable, expected } = parsed.data;
  const query = parsed.data.query ?? parsed.data.question;
  return {
    id,
    place,
    ...(query === undefined ? {} : { text: query }),
    ...(relevant === undefined ? {} : { grades: gradesOf(relevant) }),
    ...(answerable === undefined ? {} : { isAnswerable: answerable }),
    ...(expected === undefined ? {} : { expected: patternOf(expected, place) }),
    ...(parsed.data.class === undefined ? {} : { class: parsed.data.class }),
  };
}

function gradesOf(relevant: readonly string[] | Readonly<Record<string, number>>): Map<string, number> {
  return Array.isArray(relevant)
    ? new Map(relevant.map((name: string) => [name, 1]))
    : new Map(Object.entries(relevant as Readonly<Record<string, number>>));
}

function patternOf(expected: string, place: string): RegExp {
  try {
    return new RegExp(expected, "u");
  } catch (cause) {
    throw wrong(place, `"expected" is no regular expression: ${messageOf(cause)}`, cause);
  }
}

function wrong(place: string, problem: string, cause?: unknown): OptionsError {
  return new OptionsError(place, problem, { cause });
}
