import { type NewTask, PlanError } from "./tasks.ts";

/**
 * The order in which new tasks can be added, each after those that it waits for (Kahn, "Topological sorting of large
 * networks", CACM 5, 1962).
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
  const order = releaseInOrder(waitsFor);
  if (order.length < tasks.length) throw new PlanError(circleOf(tasks, waitsFor, new Set(order)));
  return order;
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

function releaseInOrder(waitsFor: readonly (readonly number[])[]): number[] {
  const pending = waitsFor.map((earlier) => earlier.length);
  const later = waitsFor.map((): number[] => []);
  for (const [place, earlier] of waitsFor.entries()) for (const each of earlier) later[each]?.push(place);
  const order = waitsFor.flatMap((earlier, place) => (earlier.length === 0 ? [place] : []));
  for (const place of order) {
    for (const each of later[place] ?? []) {
      const left = (pending[each] ?? 0) - 1;
      pending[each] = left;
      if (left === 0) order.push(each);
    }
  }
  return order;
}

/** Walks back from a task that cannot be released until it comes to one a second time. */
function circleOf(
  tasks: readonly NewTask[],
  waitsFor: readonly (readonly number[])[],
  released: ReadonlySet<number>,
): string {
  const path: number[] = [];
  let place = tasks.findIndex((_, each) => !released.has(each));
  while (!path.includes(place)) {
    path.push(place);
    place = waitsFor[place]?.find((each) => !released.has(each)) ?? place;
  }
  const circle = [...path.slice(path.indexOf(place)), place].map((each) => tasks[each]?.name);
  return `Tasks wait for each other in a circle: ${circle.join(" <- ")}.`;
}

function labelOf(task: NewTask): string {
  return task.name === undefined ? `A task of kind "${task.kind}"` : `Task "${task.name}"`;
}
