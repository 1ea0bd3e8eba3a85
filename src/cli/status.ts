import type { Command } from "commander";
import { renderPlanStatus } from "../coordination/plans/plan-status.ts";
import type { RunStatus, Status } from "../jobs/status.ts";
import { describeLag, type SearchedStatus } from "../jobs/searched-status.ts";
import { addCommonFlags } from "./common-flags.ts";
import { duration } from "./progress.ts";
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
    if (status.searched) await shell.print(describeSearched(status.searched));
    for (const node of status.agents) await shell.print(describeNode(node));
    for (const [kind, { ready, leased, oldestMs }] of Object.entries(status.queues)) {
      if (ready + leased > 0)
        await shell.print(
          `Tasks ${kind}: ${ready} waiting${oldestMs > 0 ? `, the oldest for ${duration(oldestMs)}` : ""}, ${leased} under way`,
        );
    }
    if (status.deadLetters > 0)
      await shell.print(`Given up: ${status.deadLetters} (see: forager dead-letters list)`);
    for (const run of status.runs) await shell.print(describeRun(run));
  });
}

function describeSearched(searched: SearchedStatus): string {
  const { server, collection, isReachable, isSearched, detail } = searched;
  const state = isSearched ? "searched" : isReachable ? "not searched" : "not reachable";
  return [
    `${server}, collection ${collection}: ${state}; ${describeLag(searched)}`,
    ...(isSearched ? [] : [`  The data folder is searched in its place. ${detail}`]),
  ].join("\n");
}

function describeNode({ node, pools, about }: Status["agents"][number]): string {
  const head = `Agents of process ${node.split("@")[0]}, pressure ${typeof about["pressure"] === "string" ? about["pressure"] : "unknown"}:`;
  return [
    head,
    ...pools.map(({ role, size, min, max, busy, waiting, done, failed, ms, stuck }) => {
      const range = min === max ? "" : ` (${min} to ${max})`;
      const mean = done + failed > 0 ? `, ${duration(ms / (done + failed))} each` : "";
      return `  ${role}: ${busy} of ${size}${range} busy, ${waiting} waiting, ${done} done${mean}, ${failed} failed${stuck > 0 ? `, ${stuck} stuck` : ""}`;
    }),
  ].join("\n");
}

function describeRun({ id, job, state, startedAt, finishedAt, counts, progress, plan }: RunStatus): string {
  const ended = finishedAt ? ` until ${finishedAt}` : "";
  const left = progress?.leftMs === undefined ? "" : `, ${duration(progress.leftMs)} left`;
  const pace = progress ? `; ${progress.pagesPerSecond.toFixed(1)} pages/s${left}` : "";
  return [
    `Run ${id}: ${job}, ${state}, ${startedAt}${ended}; done ${counts.done}, failed ${counts.failed}, skipped ${counts.skipped}, waiting ${counts.ready}${pace}`,
    ...(plan
      ? [renderPlanStatus({ ...plan, etaMs: progress ? 0 : plan.etaMs }).replaceAll(/^/gm, "  ")]
      : []),
  ].join("\n");
}
