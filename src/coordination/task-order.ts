import type { NewTask } from "./new-task.ts";
import { PlanError } from "./tasks.ts";

/**
 * The order in which new tasks can be added, each after those that it waits for: theirs, where it will do (Tarjan,
 * "Edge-disjoint spanning trees and depth-first search", Acta Informatica 6, 1976).
 * @param isKnown Whether a run has a task of that name already; then the new one is not looked at.
 * @returns Places in `tasks`.
 * @throws {PlanError} When one waits for what is not there, or in a circle.
 */
export function orderTasks(
  tasks: readonly NewTask[],
  isKnown: (run: number, name: string) => boolean,
): number[] {
  const places = tasks.map((_, place) => place);
  if (tasks.every(({ name, after }) => name === undefined && !after?.length)) return places;
  const placeOf = new Map<string, number>();
  for (const [place, task] of tasks.entries()) {
    checkNames(task);
    const key = `${task.run} ${task.name}`;
    if (task.name !== undefined && !placeOf.has(key)) placeOf.set(key, place);
  }
  const waitsFor = tasks.map((task) => {
    const { run, name, after = [] } = task;
    if (run === undefined || (name !== undefined && isKnown(run, name))) return [];
    return [...new Set(after)].flatMap((earlier) => {
      if (isKnown(run, earlier)) return [];
      const place = placeOf.get(`${run} ${earlier}`);
      if (place === undefined)
        throw new PlanError(`${labelOf(task)} waits for "${earlier}", which run ${run} does not have.`);
      return [place];
    });
  });
  // An order that holds already is kept: whoever made it had a reason.
  if (waitsFor.every((earlier, place) => earlier.every((each) => each < place))) return places;
  return orderAfter(waitsFor, (circle) => {
    const names = circle.map((place) => tasks[place]?.name);
    return new PlanError(`Tasks wait for each other in a circle: ${names.join(" <- ")}.`);
  });
}

function checkNames(task: NewTask): void {
  if (task.name === undefined && !task.after?.length) return;
  if (task.run === undefined)
    throw new PlanError(`${labelOf(task)} belongs to no run: names and what waits for them are of one run.`);
  if (task.name !== undefined && task.dedupe)
    throw new PlanError(
      `${labelOf(task)} has a name and a dedupe key: others could wait for a task that is not it.`,
    );
}

/** Depth first, so that what is in a good order already keeps it: it is the order in which equals are taken. */
function orderAfter(
  waitsFor: readonly (readonly number[])[],
  refusal: (circle: readonly number[]) => Error,
): number[] {
  const order: number[] = [];
  const seen = new Set<number>();
  const path = new Set<number>();
  const stack = [...waitsFor.keys()].reverse();
  for (let place = stack.at(-1); place !== undefined; place = stack.at(-1)) {
    if (!seen.has(place)) {
      seen.add(place);
      path.add(place);
      for (const earlier of [...(waitsFor[place] ?? [])].reverse()) {
        if (path.has(earlier)) throw refusal([...path].slice([...path].indexOf(earlier)).concat(earlier));
        if (!seen.has(earlier)) stack.push(earlier);
      }
      continue;
    }
    stack.pop();
    if (path.delete(place)) order.push(place);
  }
  return order;
}

function labelOf(task: NewTask): string {
  return task.name === undefined ? `A task of kind "${task.kind}"` : `Task "${task.name}"`;
}
