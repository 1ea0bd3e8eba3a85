import type { Command } from "commander";
import { addCommonFlags } from "./common-flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

/** `forager doctor` */
export function addDoctor(program: Command, shell: Shell): void {
  const command = program
    .command("doctor")
    .description("Check what Forager needs on this machine, and the data folder");
  addCommonFlags(command).action(async (given: CommonFlags) => {
    await using forager = shell.open(given);
    const checks = await forager.doctor(shell.signal);
    for (const check of checks) {
      if (given.json) await shell.printJson(check);
      else await shell.print(`${check.isOk ? "ok     " : "missing"}  ${check.what}: ${check.detail}`);
    }
    if (checks.some((check) => !check.isOk && check.isNeeded)) process.exitCode = 1;
  });
}
