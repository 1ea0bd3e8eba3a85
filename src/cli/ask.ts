import { styleText } from "node:util";
import type { Command } from "commander";
import { z } from "zod";
import { visible } from "../agents/prompt-data.ts";
import type { WrittenAnswer } from "../agents/written-answer.ts";
import { OptionsError, messageOf } from "../errors.ts";
import type { Job } from "../job.ts";
import { AnswerView, describeAnswer } from "./answer-view.ts";
import { addCommonFlags } from "./common-flags.ts";
import { askPerson, converse } from "./conversation.ts";
import { describeFilters, parseFilter } from "./filter.ts";
import { parseFlags } from "./flags.ts";
import { readQueries } from "./queries.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const AskFlags = z.strictObject({ filter: z.array(z.string()), queriesFile: z.string() });

/** `forager ask [QUESTION]` */
export function addAsk(program: Command, shell: Shell): void {
  const command = program
    .command("ask")
    .description(
      "Answer from the index, with quotes and where they stand; without a question, a conversation",
    )
    .argument("[question...]", "The question")
    .option(
      "--filter <name=value>",
      "Only pages where it holds: host=, language=, format=, publishedAt=2026-01-01.. (may be repeated)",
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option("--queries-file <file>", "A question a line, or JSON lines {id, query}");
  addCommonFlags(command).action(async (words: string[], given: CommonFlags & Record<string, unknown>) => {
    const { filter: filters = [], queriesFile } = parseFlags(AskFlags.partial(), given);
    const filter = parseFilter(filters);
    await using forager = shell.open(given);
    const show = async (job: Job<WrittenAnswer>, id?: string): Promise<WrittenAnswer> => {
      if (!given.json) return await showAnswer(job, shell, describeFilters(filters));
      const answer = await job;
      await shell.printJson({ ...(id === undefined ? {} : { id }), ...answer });
      return answer;
    };
    if (words.length === 0 && queriesFile === undefined) {
      if (!process.stdin.isTTY || !process.stdout.isTTY)
        throw new OptionsError(
          "No question",
          "give one, or --queries-file FILE; a conversation needs a terminal",
        );
      shell.say("Ask, and ask on. An empty line or Ctrl-D ends the conversation.");
      await converse(
        askPerson("? ", {
          input: process.stdin,
          output: process.stderr,
          interrupt: () => process.emit("SIGINT"),
        }),
        async (question, history) =>
          (await show(forager.ask(question, { filter, history }, shell.signal))).answer,
        (error) => shell.say(messageOf(error)),
        shell.signal,
      );
      return;
    }
    for await (const { id, text } of readQueries(words, queriesFile)) {
      if (queriesFile !== undefined && !given.json) await shell.print(`> ${visible(text)}\n`);
      await show(forager.ask(text, { filter }, shell.signal), id);
    }
  });
}

/** On a terminal each sentence as it comes; elsewhere the whole when it is there. */
async function showAnswer(job: Job<WrittenAnswer>, shell: Shell, filters: string): Promise<WrittenAnswer> {
  const view = process.stdout.isTTY ? openView() : undefined;
  if (view) for await (const event of job) view.add(event);
  const answer = await job;
  if (view) view.end(answer);
  else await shell.print(describeAnswer(answer));
  if (answer.citations.length === 0 && filters !== "") shell.say(filters.trim());
  return answer;
}

function openView(): AnswerView {
  return new AnswerView(
    (text) => process.stdout.write(text),
    (value) => styleText("bold", value),
  );
}
