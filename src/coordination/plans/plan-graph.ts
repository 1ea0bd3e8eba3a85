import type { PlanNode } from "./plan-node.ts";

type Linked = Pick<PlanNode, "id" | "after">;

/** What keeps nodes from being run: ids given twice, unknown ids, nodes that wait for themselves. Empty for a sound graph. */
export function problemsOf(nodes: readonly Linked[]): string[] {
  const ids = new Set<string>();
  const problems: string[] = [];
  for (const { id } of nodes) {
    if (ids.has(id)) problems.push(`two nodes are called "${id}"`);
    ids.add(id);
  }
  for (const { id, after } of nodes)
    for (const other of after) {
      if (other === id) problems.push(`"${id}" waits for itself`);
      else if (!ids.has(other)) problems.push(`"${id}" waits for "${other}", which is not in the plan`);
    }
  if (problems.length > 0) return problems;
  const circle = findCircle(nodes);
  return circle ? [`nodes wait for each other in a circle: ${circle.join(" -> ")}`] : [];
}

/**
 * The same nodes, each behind those it waits for; else in the order they are in.
 * @see Kahn, "Topological sorting of large networks", CACM 5(11), 1962.
 */
export function inOrder<N extends Linked>(nodes: readonly N[]): N[] {
  const ordered: N[] = [];
  const done = new Set<string>();
  let left = [...nodes];
  while (left.length > 0) {
    const ready = left.filter(({ after }) => after.every((id) => done.has(id)));
    if (ready.length === 0) throw new RangeError("Only graphs without circles have an order.");
    for (const node of ready) done.add(node.id);
    ordered.push(...ready);
    left = left.filter(({ id }) => !done.has(id));
  }
  return ordered;
}

/** The ids that wait for each id directly. */
export function dependantsOf(nodes: readonly Linked[]): ReadonlyMap<string, readonly string[]> {
  const dependants = new Map<string, string[]>(nodes.map(({ id }) => [id, []]));
  for (const { id, after } of nodes) for (const other of new Set(after)) dependants.get(other)?.push(id);
  return dependants;
}

/** Nodes by the longest chain before them: how a plan is drawn. It is not run so; a node starts when its own prerequisites have ended. */
export function wavesOf(nodes: readonly Linked[]): string[][] {
  const wave = new Map<string, number>();
  const waves: string[][] = [];
  for (const { id, after } of inOrder(nodes)) {
    const own = Math.max(-1, ...after.map((other) => wave.get(other) ?? 0)) + 1;
    wave.set(id, own);
    (waves[own] ??= []).push(id);
  }
  return waves;
}

/** A way from a node back to itself, that node first and last; each waits for the next. */
function findCircle(nodes: readonly Linked[]): string[] | undefined {
  const after = new Map(nodes.map((node) => [node.id, node.after]));
  const cleared = new Set<string>();
  const way: string[] = [];
  const visit = (id: string): string[] | undefined => {
    const at = way.indexOf(id);
    if (at >= 0) return [...way.slice(at), id];
    if (cleared.has(id)) return undefined;
    way.push(id);
    for (const other of after.get(id) ?? []) {
      const circle = visit(other);
      if (circle) return circle;
    }
    way.pop();
    cleared.add(id);
    return undefined;
  };
  for (const { id } of nodes) {
    const circle = visit(id);
    if (circle) return circle;
  }
  return undefined;
}
