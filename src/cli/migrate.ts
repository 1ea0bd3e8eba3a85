import { type Command, Option } from "commander";
import { z } from "zod";
import { storeNames } from "../rag/stores/index.ts";
import type { ForagerEvent } from "../events.ts";
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
    const progress = new MoveProgress();
    let saidAt = Date.now();
    forager.events.subscribe((event) => {
      progress.add(event);
      if (progress.line === "" || Date.now() - saidAt < everyMs) return;
      saidAt = Date.now();
      shell.say(progress.line);
    });
    const done = await forager.migrate({ to, rebuild }, shell.signal);
    if (given.json) await shell.printJson(done);
    else
      await shell.print(
        `${done.to} has it all: ${done.documents} documents, ${done.chunks} passages, ${done.embedded} of them with vectors (${done.moved} documents moved in ${(done.durationMs / 1_000).toFixed(1)} s)`,
      );
  });
}

/** How far a move is, for people. */
export class MoveProgress {
  #moved = 0;
  #to = "";
  #compared = "";

  add(event: ForagerEvent): void {
    if (event.type === "documents-compared")
      this.#compared = `${event.count} of ${event.total} documents looked at, `;
    if (event.type !== "documents-fed") return;
    this.#moved += event.count;
    this.#to = event.to;
  }

  /** Empty before there is anything to tell. */
  get line(): string {
    if (this.#to === "") return this.#compared && `${this.#compared}nothing to move so far`;
    return `${this.#compared}${this.#moved} documents to ${this.#to}`;
  }
}
