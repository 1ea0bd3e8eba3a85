import type { Clock } from "../clock.ts";
import type { CoordinationBackend } from "../coordination/backend.ts";
import type { FrontierCounts } from "../coordination/frontier.ts";
import { type NodeStatus, type PlanStatus, describePlanRun } from "../coordination/plans/plan-status.ts";
import { type NodeRecord, findNodes } from "../coordination/pools/registry.ts";
import { isGone, parseProcess } from "../coordination/process-identity.ts";
import type { Run } from "../coordination/runs.ts";
import type { TaskCounts } from "../coordination/tasks.ts";
import type { Archive } from "../rag/archive.ts";
import type { StoreStats } from "../rag/chunk-store.ts";
import { type CrawlProgress, readProgress } from "./crawl-progress.ts";
import type { SearchedStatus } from "./searched-status.ts";

/** What a data folder holds, and who works on it. */
export interface Status {
  readonly dataDir: string;
  readonly bytesOnDisk: number;
  /** The process that is writing, or undefined. */
  readonly owner: string | undefined;
  readonly index: StoreStats;
  /** Where questions are answered from, and how far that is behind; undefined where it is the data folder itself. */
  readonly searched: SearchedStatus | undefined;
  /** Processes at work on it, with their pools of agents, how hard they are pressed, and their messages; seconds old at most. */
  readonly agents: readonly NodeRecord[];
  /** Tasks by kind. */
  readonly queues: Readonly<Record<string, TaskCounts & { readonly oldestMs: number }>>;
  /** Pages and tasks that were given up. */
  readonly deadLetters: number;
  /** The latest runs, newest first. */
  readonly runs: readonly RunStatus[];
}

export interface RunStatus {
  readonly id: number;
  readonly job: string;
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly counts: FrontierCounts;
  /** Failed and skipped URLs by reason. */
  readonly reasons: Readonly<Record<string, number>>;
  /** How fast it goes and when it will end; undefined when it does not run. */
  readonly progress: CrawlProgress | undefined;
  /** What is done, what runs and what waits for what; undefined for a run without a plan. */
  readonly plan: PlanStatus | undefined;
}

const runsShown = 5;

/** What {@link describeStatus} looks at. */
export interface StatusFloor {
  readonly path: string;
  readonly archive: Archive;
  readonly coordination: CoordinationBackend;
  owner(): string | undefined;
  bytesOnDisk(): number;
}

/** Counts what is there; nothing is changed. */
export async function describeStatus(
  folder: StatusFloor,
  searched: SearchedStatus | undefined,
  clock: Clock,
): Promise<Status> {
  const { runs, tasks, frontier, memory } = folder.coordination;
  const owner = folder.owner();
  const { dead } = tasks.counts();
  return {
    dataDir: folder.path,
    bytesOnDisk: folder.bytesOnDisk(),
    owner,
    index: folder.archive.stats(),
    searched,
    agents: (await findNodes(memory, {})).filter(({ node }) => !isGone(parseProcess(node))),
    queues: Object.fromEntries(tasks.kinds(clock.now())),
    deadLetters: dead + frontier.failed(),
    runs: await Promise.all(runs.list(runsShown).map((run) => describeRun(folder, clock, run, owner))),
  };
}

async function describeRun(
  { coordination }: StatusFloor,
  clock: Clock,
  run: Run,
  owner: string | undefined,
): Promise<RunStatus> {
  const { tasks, memory, frontier } = coordination;
  const isRunning = run.state === "running" && owner !== undefined;
  const plan = await describePlanRun({ tasks, memory, clock }, run.id);
  return {
    id: run.id,
    job: run.job,
    state: run.state === "running" && !isRunning ? "interrupted" : run.state,
    startedAt: new Date(run.startedAt).toISOString(),
    finishedAt: run.finishedAt > 0 ? new Date(run.finishedAt).toISOString() : "",
    counts: frontier.counts(run.id),
    reasons: frontier.reasons(run.id),
    progress: isRunning ? await readProgress(memory, run.id) : undefined,
    plan: plan && (isRunning ? plan : atRest(plan)),
  };
}

/** A plan that no process works on: what was under way when the last one ended is ready to be taken up again. */
function atRest(plan: PlanStatus): PlanStatus {
  const { ready, running } = plan.counts;
  return {
    ...plan,
    counts: { ...plan.counts, ready: ready + running, running: 0 },
    etaMs: 0,
    nodes: plan.nodes.map(nodeAtRest),
  };
}

function nodeAtRest(node: NodeStatus): NodeStatus {
  const state = node.state === "running" ? "ready" : node.state;
  return { ...node, state, nodes: node.nodes.map(nodeAtRest) };
}
