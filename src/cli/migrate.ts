import { type Command, Option } from "commander";
import { z } from "zod";
import { storeNames } from "../rag/stores/index.ts";
import { addCommonFlags } from "./common-flags.ts";
import { parseFlags } from "./flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const MigrateFlags = z.strictObject({ to: z.enum(storeNames), rebuild: z.boolean() });

/** How often people are told how far it is. */
const everyMs = 3_000;

/** `forager migrate --to qdrant|sqlite` */
export function addMigrate(program: Command, shell: Shell): void {
  const command = program
    .command("migrate")
    .description("Move the index between the data folder and Qdrant, without embedding again")
    .addOption(
      new Option("--to <store>", "Where the index shall be whole")
        .choices([...storeNames])
        .makeOptionMandatory(),
    )
    .option("--rebuild", "Make a new index beside the old one, and switch over when it is whole");
  addCommonFlags(command).action(async (given: CommonFlags & Record<string, unknown>) => {
    const { to = "qdrant", rebuild = false } = parseFlags(MigrateFlags.partial(), given);
    await using forager = shell.open(given);
    let moved = 0;
    let saidAt = Date.now();
    forager.events.subscribe((event) => {
      if (event.type !== "documents-fed") return;
      moved += event.count;
      if (Date.now() - saidAt < everyMs) return;
      saidAt = Date.now();
      shell.say(`${moved} documents to ${event.to}`);
    });
    const done = await forager.migrate({ to, rebuild }, shell.signal);
    if (given.json) await shell.printJson(done);
    else
      await shell.print(
        `${done.to} has it all: ${done.documents} documents, ${done.chunks} passages, ${done.embedded} of them with vectors (${done.moved} documents moved in ${(done.durationMs / 1_000).toFixed(1)} s)`,
      );
  });
}
