import type { Command } from "commander";
import { z } from "zod";
import { OptionsError } from "../errors.ts";
import { addCommonFlags } from "./common-flags.ts";
import { flagsOf, parseFlags } from "./flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const ListFlags = z.strictObject({
  limit: z.int().min(1).default(50).describe("List so many at most"),
});
const AllFlags = z.strictObject({
  all: z.boolean().default(false).describe("All of them"),
});

type Given = CommonFlags & Record<string, unknown>;

/** `forager dead-letters list|show|replay|purge` */
export function addDeadLetters(program: Command, shell: Shell): void {
  const group = program
    .command("dead-letters")
    .description("Pages and tasks that were given up: look at them, try them again, or let them be");

  const list = group.command("list").description("What was given up and why, the oldest first");
  for (const flag of flagsOf(ListFlags)) list.addOption(flag);
  addCommonFlags(list).action(async (given: Given) => {
    const { limit = 50 } = parseFlags(ListFlags, given);
    await using forager = shell.open(given);
    let shown = 0;
    let isMore = false;
    for await (const letter of forager.deadLetters()) {
      if (shown >= limit) {
        isMore = true;
        break;
      }
      shown += 1;
      if (given.json) await shell.printJson(letter);
      else
        await shell.print(
          `${letter.id}  ${letter.reason}  ${textOf(letter.what)}  (${letter.attempts} ${letter.attempts === 1 ? "try" : "tries"}, ${letter.diedAt}): ${letter.detail}`,
        );
    }
    if (shown === 0) shell.say("There are no dead letters.");
    else if (isMore) shell.say(`There are more; --limit ${limit * 10} shows more of them.`);
  });

  addCommonFlags(group.command("show <id>").description("One of them, with everything that is known")).action(
    async (id: string, given: Given) => {
      await using forager = shell.open(given);
      const letter = await forager.deadLetter(id);
      if (given.json) return shell.printJson(letter);
      for (const [name, value] of Object.entries(letter)) {
        if (name !== "history") await shell.print(`${name}: ${textOf(value)}`);
      }
      for (const { attempt, at, code, error } of letter.history)
        await shell.print(`try ${attempt}, ${new Date(at).toISOString()}, ${code}: ${error}`);
    },
  );

  for (const [name, help] of [
    ["replay", "Try them again, with all their tries; pages are fetched when the crawl is run again"],
    ["purge", "Stop keeping them; pages then count as skipped"],
  ] as const) {
    const command = group.command(`${name} [id...]`).description(help);
    for (const flag of flagsOf(AllFlags)) command.addOption(flag);
    addCommonFlags(command).action(async (ids: readonly string[], given: Given) => {
      const { all = false } = parseFlags(AllFlags, given);
      if (all === ids.length > 0)
        throw new OptionsError(
          `dead-letters ${name}`,
          "give the ids (see: forager dead-letters list), or --all",
        );
      await using forager = shell.open(given);
      const chosen = all ? undefined : ids;
      const count = name === "replay" ? await forager.replay(chosen) : await forager.purge(chosen);
      if (given.json) return shell.printJson({ [name === "replay" ? "replayed" : "purged"]: count });
      await shell.print(
        name === "replay"
          ? `${count} will be tried again: run the same crawl once more.`
          : `${count} are no longer kept.`,
      );
    });
  }
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
