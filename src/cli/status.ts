import type { Command } from "commander";
import { addCommonFlags } from "./common-flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

/** `forager status` */
export function addStatus(program: Command, shell: Shell): void {
  const command = program.command("status").description("What the data folder holds, and who works on it");
  addCommonFlags(command).action(async (given: CommonFlags) => {
    await using forager = shell.open(given);
    const status = await forager.status();
    if (given.json) return shell.printJson(status);
    const { documents, chunks, embedded } = status.index;
    const share = chunks > 0 ? ` (${Math.round((embedded / chunks) * 100)} %)` : "";
    await shell.print(
      `Data folder ${status.dataDir}, ${(status.bytesOnDisk / 1e6).toFixed(1)} MB; ${status.owner ? `in use by ${status.owner}` : "not in use"}`,
    );
    await shell.print(`Index: ${documents} documents, ${chunks} passages, ${embedded} with vectors${share}`);
    for (const run of status.runs) {
      const ended = run.finishedAt ? ` until ${run.finishedAt}` : "";
      await shell.print(
        `Run ${run.id}: ${run.job}, ${run.state}, ${run.startedAt}${ended}; done ${run.counts.done}, failed ${run.counts.failed}, skipped ${run.counts.skipped}, waiting ${run.counts.ready}`,
      );
    }
  });
}
