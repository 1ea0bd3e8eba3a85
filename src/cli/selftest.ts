import type { Command } from "commander";
import type { SelfTest } from "../jobs/selftest.ts";
import { type Target, figures, isAsGood, targets } from "../jobs/selftest/targets.ts";
import { addCommonFlags } from "./common-flags.ts";
import type { CommonFlags, Shell } from "./shell.ts";

/** `forager selftest` */
export function addSelftest(program: Command, shell: Shell): void {
  const command = program
    .command("selftest")
    .description(
      "Try agents' messages, tasks, recovery and parallel plans on this machine, and measure them",
    );
  addCommonFlags(command).action(async (given: CommonFlags) => {
    await using forager = shell.open(given);
    const tested = await forager.selftest(
      { onPhase: (name) => shell.say(`Trying ${phaseNames[name] ?? name} ...`) },
      shell.signal,
    );
    if (given.json) await shell.printJson(tested.figures);
    else for (const line of describeSelfTest(tested)) await shell.print(line);
    if (tested.problems.length === 0) return;
    process.exitCode = 1;
    if (given.json) for (const problem of tested.problems) shell.say(problem);
  });
}

const phaseNames: Readonly<Record<string, string>> = {
  recovery: "recovery: a process that holds tasks is killed",
  messages: "messages between agents",
  tasks: "durable tasks",
  plan: "a plan, in order and in parallel",
};

/** The figures beside their targets, and what to make of them. */
export function describeSelfTest({ figures: measured, counted, problems }: SelfTest): string[] {
  const rows = figures.map((figure) => {
    const target = targets[figure];
    const value = measured[figure];
    const side = target.better === "more" ? ">=" : "<=";
    return [
      target.name,
      value === null ? "not measured" : `${value.toLocaleString("en")} ${target.unit}`,
      `${side} ${target.target.toLocaleString("en")} ${target.unit}`,
      value === null ? "failed" : verdictOn(target, value),
      target.meaning,
    ];
  });
  const { lost, doubled, sequentialMs, parallelMs } = measured;
  const plan =
    sequentialMs === null || parallelMs === null
      ? []
      : [
          `The plan took ${Math.round(sequentialMs)} ms in order and ${Math.round(parallelMs)} ms in parallel.`,
        ];
  return [
    ...inColumns([["", "here", "target", "", ""], ...rows]),
    ...plan,
    `Of ${counted.messages.toLocaleString("en")} messages, ${counted.tasks.toLocaleString("en")} tasks and ${counted.effects.toLocaleString("en")} effects, ${lost} were lost and ${doubled} happened twice.`,
    ...problems,
    problems.length === 0
      ? "All is well. (Targets are for two quiet cores; a third of them is enough.)"
      : "Not all is well: see above. A busy machine can be the cause of slowness, but never of a loss.",
  ];
}

function verdictOn(target: Target, value: number): string {
  if (isAsGood(target, value, target.target)) return "ok";
  return isAsGood(target, value, target.gate) ? "short of it" : "too slow";
}

function inColumns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
