import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { ForagerError, OptionsError, messageOf } from "../errors.ts";
import { addAsk } from "./ask.ts";
import { addCalibrate } from "./calibrate.ts";
import { addCrawl } from "./crawl.ts";
import { addDeadLetters } from "./dead-letters.ts";
import { addDoctor } from "./doctor.ts";
import { addEmbed } from "./embed.ts";
import { addEvaluate } from "./evaluate.ts";
import { addExport } from "./export.ts";
import { addMigrate } from "./migrate.ts";
import { addScrape } from "./scrape.ts";
import { addSearch } from "./search.ts";
import { addSelftest } from "./selftest.ts";
import { InterruptedError, Shell } from "./shell.ts";
import { addStatus } from "./status.ts";

const examples = `
Examples:
  forager crawl https://example.org/docs/ --max-pages 500
  forager ask "How do I make a backup?"
  forager search backup --json
  forager scrape https://example.org/ --format text
`;

const commands = [
  addCrawl,
  addEmbed,
  addScrape,
  addSearch,
  addAsk,
  (program: Command, shell: Shell) => addCalibrate(program, shell, (flags) => shell.open(flags)),
  (program: Command, shell: Shell) => addEvaluate(program, shell, (flags) => shell.open(flags)),
  addMigrate,
  addExport,
  addStatus,
  addDeadLetters,
  addDoctor,
  addSelftest,
];

/** Runs one command and gives its exit code: 0 ok, 1 the job failed, 2 wrong usage, 130 interrupted. */
export async function main(words: readonly string[]): Promise<number> {
  const shell = new Shell();
  const program = new Command("forager")
    .description("Crawl a site, index it, and ask it: answers with quotes you can check, on one machine.")
    .version(version())
    .showHelpAfterError("(forager --help, or forager COMMAND --help, shows what there is)")
    .exitOverride();
  for (const add of commands) add(program, shell);
  overrideExits(program);
  program.addHelpText("after", examples);
  if (words.length === 0) {
    program.outputHelp();
    return 2;
  }
  shell.start();
  try {
    await program.parseAsync([...words], { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return exitCodeOf(error, shell);
  }
}

function overrideExits(command: Command): void {
  for (const each of command.commands) overrideExits(each.exitOverride());
}

function exitCodeOf(error: unknown, shell: Shell): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof InterruptedError) {
    shell.say(error.message);
    return 130;
  }
  shell.say(`forager: ${messageOf(error)}`);
  if (!(error instanceof ForagerError) && error instanceof Error) shell.say(error.stack ?? "");
  return error instanceof OptionsError ? 2 : 1;
}

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
