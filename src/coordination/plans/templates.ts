import { type Plan, type PlanInput, parsePlan } from "./plan.ts";

/** A node without its place in the plan. */
export type Step = Omit<PlanInput["nodes"][number], "id" | "after"> & { readonly id?: string };

/** Nodes of one plan at most, beside the one that joins them: the seeds' "20 to 50 microtasks". */
const mostMicrotasks = 49;

/** Steps side by side and, where one is given, a step that joins them. The other templates of this shape give it meaning. */
export function fanOut(goal: string, branches: readonly Step[], join?: Step): Plan {
  const nodes = branches.map((step, index) => ({ ...step, id: step.id ?? `part-${index + 1}` }));
  const last = join ? [{ ...join, id: join.id ?? "join", after: nodes.map(({ id }) => id) }] : [];
  return parsePlan({ goal, nodes: [...nodes, ...last] });
}

/**
 * By source: one node a site, none of which waits for another. A site that fails is missing from the result, no more.
 * @param step What is done for a source, as in `(host) => ({ role: "researcher", input: { host } })`.
 */
export function bySource(
  goal: string,
  hosts: readonly string[],
  step: (host: string) => Step,
  join?: Step,
): Plan {
  const branches = hosts.map((host, index) => ({
    id: `source-${index + 1}`,
    onFailure: "continue" as const,
    uses: [`host:${host}`],
    ...step(host),
  }));
  return fanOut(goal, branches, join);
}

/** By part of the question: one node a sub-question. */
export function byPart(
  question: string,
  parts: readonly string[],
  step: (part: string) => Step,
  join?: Step,
): Plan {
  const branches = parts.map((part) => ({ onFailure: "continue" as const, ...step(part) }));
  return fanOut(question, branches, join);
}

/** By layer: each item goes through all roles, retrieve, extract, analyse, without waiting for the other items. */
export function byLayer<T>(
  goal: string,
  items: readonly T[],
  layers: readonly ((item: T) => Step)[],
  join?: Step,
): Plan {
  const nodes = items.flatMap((item, index) =>
    layers.map((layer, depth) => ({
      onFailure: depth === layers.length - 1 ? ("continue" as const) : ("skip" as const),
      ...layer(item),
      id: `item-${index + 1}.${depth + 1}`,
      after: depth > 0 ? [`item-${index + 1}.${depth}`] : [],
    })),
  );
  const ends = items.map((_, index) => `item-${index + 1}.${layers.length}`);
  const last = join ? [{ ...join, id: join.id ?? "join", after: ends }] : [];
  return parsePlan({ goal, nodes: [...nodes, ...last] });
}

/** By phase: analyse, then do, then validate; the steps of a phase side by side, all of the next after all of it. */
export function byPhase(goal: string, phases: readonly (readonly Step[])[]): Plan {
  const idOf = (step: Step, phase: number, index: number): string =>
    step.id ?? `phase-${phase + 1}.${index + 1}`;
  const nodes = phases.flatMap((steps, phase) => {
    const after = (phases[phase - 1] ?? []).map((step, index) => idOf(step, phase - 1, index));
    return steps.map((step, index) => ({ ...step, id: idOf(step, phase, index), after }));
  });
  return parsePlan({ goal, nodes });
}

/**
 * The seeds' canonical plan of a hard question: pages are read and analysed on one side, passages are found by meaning
 * on the other, both become one answer, and that is checked. Each role's input is the question.
 */
export function answerPlan(question: string): Plan {
  const node = (role: string, ...after: string[]) => ({ id: role, role, input: { question }, after });
  return parsePlan({
    goal: question,
    fuse: "hybrid",
    nodes: [
      node("retrieve"),
      node("extract", "retrieve"),
      { ...node("analyse", "extract"), onFailure: "continue" },
      node("embed"),
      node("search", "embed"),
      { ...node("rank", "search"), onFailure: "continue" },
      { ...node("synthesise", "analyse", "rank"), onFailure: "fail" },
      node("validate", "synthesise"),
    ],
  });
}

/** Nodes that share out a crawl's sitemaps, read side by side. */
const mostSitemapNodes = 4;

/** A crawl: sitemaps are read beside the pages, what both left is settled, and then come the vectors. */
export function crawlPlan(goal: string, sitemapOrigins: readonly string[]): Plan {
  const sitemaps = shareOut(sitemapOrigins, mostSitemapNodes).map((origins, index) => ({
    id: `sitemaps-${index + 1}`,
    role: "sitemaps",
    input: { origins: [...origins] },
    onFailure: "continue" as const,
  }));
  return parsePlan({
    goal,
    nodes: [
      ...sitemaps,
      // Pages wait for URLs from sitemaps: they come first, and take a place of their own.
      { id: "pages", role: "pages", input: {}, onFailure: "fail", priority: "high" },
      { id: "settle", role: "settle", input: {}, after: [...sitemaps.map(({ id }) => id), "pages"] },
      { id: "vectors", role: "vectors", input: {}, after: ["settle"], priority: "low" },
    ],
  });
}

/** Microtasks: a long list in at most 49 nodes of nearly equal size, and one that joins them. */
export function microtasks<T>(
  goal: string,
  items: readonly T[],
  step: (items: readonly T[]) => Step,
  join: Step,
): Plan {
  return fanOut(
    goal,
    shareOut(items, mostMicrotasks).map((group) => ({ onFailure: "continue" as const, ...step(group) })),
    join,
  );
}

/** At most so many groups of nearly equal size, in order. */
function shareOut<T>(items: readonly T[], most: number): (readonly T[])[] {
  const count = Math.min(most, items.length);
  return Array.from({ length: count }, (_, index) =>
    items.slice(Math.floor((index * items.length) / count), Math.floor(((index + 1) * items.length) / count)),
  );
}

/** What is known of a goal that might be shared out. */
export interface Divisible {
  readonly goal: string;
  readonly hosts?: readonly string[];
  readonly parts?: readonly string[];
  readonly documents?: readonly string[];
}

/**
 * Rules before models: the plan of the first template that fits; undefined when none does, and then one agent does it
 * all, or a model is asked for a plan.
 */
export function planByTemplate(
  { goal, hosts = [], parts = [], documents = [] }: Divisible,
  roles: { readonly worker: string; readonly join: string },
): Plan | undefined {
  const { worker: role } = roles;
  const join = { role: roles.join, input: { goal } };
  if (documents.length > 1)
    return microtasks(goal, documents, (group) => ({ role, input: { goal, documents: [...group] } }), join);
  if (hosts.length > 1) return bySource(goal, hosts, (host) => ({ role, input: { goal, host } }), join);
  if (parts.length > 1) return byPart(goal, parts, (question) => ({ role, input: { question } }), join);
  return undefined;
}
