import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { OptionsError, messageOf } from "../errors.ts";

/** A query from the command line or a line of a file. */
export interface Query {
  readonly id?: string;
  readonly text: string;
}

/** A longer query is a mistake: nothing beyond could be looked for well. */
const mostCharacters = 4_000;

const Line = z.object({
  id: z.union([z.string(), z.number()]).transform(String).optional(),
  query: z.string().optional(),
  question: z.string().optional(),
});

/** The queries a command was given: its words, or a file with one a line, plain or JSON `{id, query}`. */
export async function* readQueries(
  words: readonly string[],
  file: string | undefined,
): AsyncGenerator<Query> {
  const text = words.join(" ").trim();
  if (file !== undefined && text !== "")
    throw new OptionsError("--queries-file", "there are words to look for beside it; give one or the other");
  if (file === undefined) {
    if (text === "") throw new OptionsError("Nothing to look for", "give the words, or --queries-file FILE");
    yield checked({ text }, "The query");
    return;
  }
  let number = 0;
  let queries = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === "") continue;
      queries += 1;
      yield checked(parseLine(line.trim(), file, number), `${file}, line ${number}`);
    }
    if (queries === 0) throw new OptionsError("--queries-file", `${file} holds no query`);
  } catch (cause) {
    if (cause instanceof OptionsError) throw cause;
    throw new OptionsError("--queries-file", `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function checked(query: Query, what: string): Query {
  if (query.text.length <= mostCharacters) return query;
  throw new OptionsError(
    what,
    `${query.text.length} characters are too many; ask in ${mostCharacters} or fewer`,
  );
}

function parseLine(line: string, file: string, number: number): Query {
  if (!line.startsWith("{")) return { text: line };
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw new OptionsError("--queries-file", `${file}, line ${number}, is not JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
  const parsed = Line.safeParse(value);
  const text = parsed.data?.query ?? parsed.data?.question;
  if (text === undefined)
    throw new OptionsError(
      "--queries-file",
      `${file}, line ${number}: a line is plain text or {"id", "query"}`,
    );
  return { text, ...(parsed.data?.id === undefined ? {} : { id: parsed.data.id }) };
}
