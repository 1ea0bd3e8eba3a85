import type { Command } from "commander";
import { z } from "zod";
import { addCommonFlags } from "./common-flags.ts";
import { flagsOf, parseFlags } from "./flags.ts";
import { showProgress } from "./progress.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const EmbedFlags = z.strictObject({
  for: z.number().positive().optional().describe("Stop after so many seconds"),
  onlyLead: z.boolean().default(false).describe("Only the first four passages of every page"),
});

/** `forager embed` */
export function addEmbed(program: Command, shell: Shell): void {
  const command = program.command("embed").description("Give passages their vectors, the most useful first");
  for (const flag of flagsOf(EmbedFlags)) command.addOption(flag);
  addCommonFlags(command).action(async (given: CommonFlags & Record<string, unknown>) => {
    const flags = parseFlags(EmbedFlags, given);
    await using forager = shell.open(given);
    using progress = showProgress(forager.events, {
      isTerminal: shell.isTerminal,
      maxPages: 0,
      write: (text) => process.stderr.write(text),
    });
    const done = await forager.embed(
      { onlyLead: flags.onlyLead ?? false, ...(flags.for === undefined ? {} : { forMs: flags.for * 1_000 }) },
      shell.signal,
    );
    progress[Symbol.dispose]();
    if (given.json) await shell.printJson(done);
    else await shell.print(`${done.embedded} of ${done.chunks} passages have vectors (${done.added} new)`);
  });
}
