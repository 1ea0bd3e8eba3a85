import type { Command } from "commander";
import { z } from "zod";
import type { Answer } from "../rag/answer.ts";
import { addCommonFlags } from "./common-flags.ts";
import { parseFilter } from "./filter.ts";
import { parseFlags } from "./flags.ts";
import { readQueries } from "./queries.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const AskFlags = z.strictObject({ filter: z.array(z.string()), queriesFile: z.string() });

/** `forager ask QUESTION` */
export function addAsk(program: Command, shell: Shell): void {
  const command = program
    .command("ask")
    .description("Answer from the index, with quotes and where they stand")
    .argument("[question...]", "The question")
    .option(
      "--filter <name=value>",
      "Only pages where it holds: host=, language=, format=, publishedAt=2026-01-01.. (may be repeated)",
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option("--queries-file <file>", "A question a line, or JSON lines {id, query}");
  addCommonFlags(command).action(async (words: string[], given: CommonFlags & Record<string, unknown>) => {
    const { filter = [], queriesFile } = parseFlags(AskFlags.partial(), given);
    await using forager = shell.open(given);
    for await (const query of readQueries(words, queriesFile)) {
      const answer = await forager.ask(query.text, { filter: parseFilter(filter) }, shell.signal);
      if (given.json)
        await shell.printJson({ ...(query.id === undefined ? {} : { id: query.id }), ...answer });
      else await shell.print(describeAnswer(answer));
    }
  });
}

/** An answer for people: the text, how sure, and each quote under its address. */
export function describeAnswer(answer: Answer): string {
  const quotes = answer.citations.map(
    (citation, i) =>
      `  [${i + 1}] ${citation.title}\n      ${citation.url}\n      "${citation.quote.replace(/\s+/g, " ")}"`,
  );
  const heading = answer.abstained
    ? "Nearest in the index:"
    : `Confidence ${Math.round(answer.confidence * 100)} %, from:`;
  return [answer.answer, "", ...(quotes.length > 0 ? [heading, ...quotes] : [])].join("\n");
}
