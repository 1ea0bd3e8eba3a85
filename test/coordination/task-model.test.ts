import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { coordinationSchema } from "../../src/coordination/backends/sqlite/index.ts";
import { TaskAdding } from "../../src/coordination/backends/sqlite/tasks/task-adding.ts";
import { TaskClaims, type TakenTask } from "../../src/coordination/backends/sqlite/tasks/task-claims.ts";
import { TaskGraph } from "../../src/coordination/backends/sqlite/tasks/task-graph.ts";
import { TaskNews } from "../../src/coordination/backends/sqlite/tasks/task-news.ts";
import { TaskRows } from "../../src/coordination/backends/sqlite/tasks/task-rows.ts";
import { TaskUpkeep } from "../../src/coordination/backends/sqlite/tasks/task-upkeep.ts";
import { TaskViews } from "../../src/coordination/backends/sqlite/tasks/task-views.ts";
import { type NewTask, priorities } from "../../src/coordination/new-task.ts";
import type { Task } from "../../src/coordination/tasks.ts";
import { Database } from "../../src/database.ts";
import { type ModelTask, TaskModel } from "./task-model.ts";

const kinds = ["fetch", "read"];
const names = ["a", "b", "c", "d"];
const leaseMs = 1_000;

/** The rows as they are, with what workers have in hand, old takings too. */
class RealTasks {
  readonly database = new Database(":memory:", { schema: [coordinationSchema] });
  readonly #news = new TaskNews(() => {});
  readonly #graph = new TaskGraph({ database: this.database, news: this.#news });
  readonly #deps = { database: this.database, news: this.#news, graph: this.#graph };
  readonly adding = new TaskAdding(this.#deps);
  readonly rows = new TaskRows(this.#deps);
  readonly upkeep = new TaskUpkeep(this.#deps);
  readonly claims = new TaskClaims({ database: this.database, upkeep: this.upkeep });
  readonly views = new TaskViews({ database: this.database });
  readonly taken: Task[] = [];

  claim(kind: string, capabilities: readonly string[], now: number): TakenTask | undefined {
    const claimer = { kind, capabilities, atOnce: Infinity, owner: "1@here:x" };
    const isWorthwhile = this.claims.isWorthwhile(claimer, now);
    const [taken] = this.claims.claim(claimer, 1, leaseMs, now);
    assert.ok(isWorthwhile || !taken, "it was not worthwhile, and gave a task");
    if (taken) this.taken.push(taken.task);
    return taken;
  }
}

type Command = fc.Command<TaskModel, RealTasks>;

/** A step on both sides, after which they must look the same. */
class Step implements Command {
  readonly #name: string;
  readonly #act: (model: TaskModel, real: RealTasks) => void;

  constructor(name: string, act: (model: TaskModel, real: RealTasks) => void) {
    this.#name = name;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  run(model: TaskModel, real: RealTasks): void {
    real.database.writeNow(() => this.#act(model, real));
    const rows = real.database
      .prepare(
        `SELECT id, kind, state, attempt, fence, priority, input, json_array_length(history) AS failures,
           iif(state = 'delayed', at, 0) AS at FROM task ORDER BY id`,
      )
      .all();
    const expected = model.tasks.map(
      ({ id, kind, state, attempt, fence, priority, input, failures, dueAt }) => ({
        __proto__: null,
        id,
        kind,
        state,
        attempt,
        fence,
        priority,
        input: JSON.stringify(input),
        failures: Math.min(failures, 20),
        at: state === "delayed" ? dueAt : 0,
      }),
    );
    assert.deepEqual(rows, expected);
    for (const kind of kinds) {
      const open = model.tasks.filter(
        (task) => task.kind === kind && !["done", "dead", "cancelled"].includes(task.state),
      );
      assert.equal(real.views.open(kind), open.length);
    }
  }

  toString(): string {
    return this.#name;
  }
}

const later = fc.integer({ min: 1, max: 50 });
const plain = fc.record({
  kind: fc.constantFrom(...kinds),
  priority: fc.constantFrom(...priorities),
  needs: fc.constantFrom<string[]>([], [], ["pdf"], ["pdf", "render"]),
  key: fc.constantFrom(undefined, "x"),
  whileActive: fc.constantFrom("ignore" as const, "rearm" as const),
  inMs: fc.constantFrom(0, 0, 20),
  expiresInMs: fc.constantFrom(undefined, undefined, 30, 90),
});
const node = fc.record({
  kind: fc.constantFrom(...kinds),
  priority: fc.constantFrom(...priorities),
  run: fc.constantFrom(1, 2),
  name: fc.constantFrom(...names),
  after: fc.subarray(names),
  onFailure: fc.constantFrom("skip" as const, "skip" as const, "continue" as const, "fail" as const),
  expiresInMs: fc.constantFrom(undefined, undefined, undefined, 60),
});

let inputs = 0;

function addBoth(model: TaskModel, real: RealTasks, task: NewTask): void {
  real.adding.insert([task], model.now);
  model.add(task);
}

/** Does something with one of the tasks in hand; with an old taking it must have no effect. */
function withTaken(
  place: number,
  model: TaskModel,
  real: RealTasks,
  onReal: (task: Task) => boolean,
  onModel: (task: ModelTask) => void,
): void {
  const live = real.taken.filter((task) => real.rows.holds(task));
  const among = place % 4 === 0 || live.length === 0 ? real.taken : live;
  const task = among[place % Math.max(1, among.length)];
  if (!task) return;
  const own = model.tasks.find(
    ({ id, fence, state }) => id === task.id && fence === task.fence && state === "leased",
  );
  assert.equal(real.rows.holds(task), own !== undefined);
  assert.equal(onReal(task), own !== undefined);
  if (own) onModel(own);
}

const place = fc.nat({ max: 30 });
const claim = (capabilities: readonly string[]): fc.Arbitrary<Command> =>
  fc.constantFrom(...kinds).map(
    (kind) =>
      new Step(`claim(${kind}, ${capabilities.join()})`, (model, real) => {
        const expected = model.claim(kind, capabilities);
        const taken = real.claim(kind, capabilities, model.now);
        assert.deepEqual([taken?.task.id, taken?.task.input], [expected?.id, expected?.input]);
      }),
  );
const addPlain: fc.Arbitrary<Command> = plain.map(
  ({ key, whileActive, inMs, expiresInMs, ...task }) =>
    new Step(`add(${JSON.stringify({ ...task, key, whileActive, inMs, expiresInMs })})`, (model, real) =>
      addBoth(model, real, {
        ...task,
        input: (inputs += 1),
        dueAt: model.now + inMs,
        ...(key ? { dedupe: { key, whileActive } } : {}),
        ...(expiresInMs ? { deadlineAt: model.now + expiresInMs } : {}),
      }),
    ),
);
const addNode: fc.Arbitrary<Command> = node.map(
  ({ after, expiresInMs, ...task }) =>
    new Step(`node(${JSON.stringify({ ...task, after, expiresInMs })})`, (model, real) => {
      const there = after.filter(
        (name) =>
          name !== task.name && model.tasks.some((each) => each.run === task.run && each.name === name),
      );
      const deadline = expiresInMs ? { deadlineAt: model.now + expiresInMs } : {};
      addBoth(model, real, { ...task, ...deadline, input: (inputs += 1), after: there });
    }),
);
const finish: fc.Arbitrary<Command> = place.map(
  (at) =>
    new Step(`finish(${at})`, (model, real) =>
      withTaken(
        at,
        model,
        real,
        (task) => real.rows.finish(task, "null", model.now),
        (task) => model.finish(task),
      ),
    ),
);
const commands: fc.Arbitrary<Command>[] = [
  addPlain,
  addPlain,
  addPlain,
  addNode,
  addNode,
  addNode,
  claim([]),
  claim(["pdf"]),
  claim(["*"]),
  claim(["*"]),
  claim(["*"]),
  finish,
  finish,
  finish,
  place.map(
    (at) =>
      new Step(`fail(${at})`, (model, real) =>
        withTaken(
          at,
          model,
          real,
          (task) => real.rows.fail(task, { code: "x", error: "x" }, model.now),
          (task) => model.fail(task),
        ),
      ),
  ),
  fc.tuple(place, later).map(
    ([at, inMs]) =>
      new Step(`retry(${at}, ${inMs})`, (model, real) => {
        const dueAt = model.now + inMs;
        const failure = { code: "x", error: "x" };
        withTaken(
          at,
          model,
          real,
          (task) => real.rows.retry(task, failure, dueAt, model.now),
          (task) => model.retry(task, dueAt),
        );
      }),
  ),
  fc.tuple(place, later).map(
    ([at, inMs]) =>
      new Step(`putOff(${at}, ${inMs})`, (model, real) => {
        const dueAt = model.now + inMs;
        withTaken(
          at,
          model,
          real,
          (task) => real.rows.putOff(task, dueAt, { input: '"off"' }),
          (task) => model.putOff(task, dueAt, "off"),
        );
      }),
  ),
  place.map(
    (at) =>
      new Step(`giveBack(${at})`, (model, real) =>
        withTaken(
          at,
          model,
          real,
          (task) => real.rows.giveBack(task, model.now),
          (task) => model.giveBack(task),
        ),
      ),
  ),
  fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 2 }).map(
    (ids) =>
      new Step(`cancel(${ids.join()})`, (model, real) => {
        real.upkeep.cancel({ ids }, "no more use", model.now);
        model.cancel(({ id }) => ids.includes(id));
      }),
  ),
  fc.constantFrom(1, 2).map(
    (run) =>
      new Step(`cancelRun(${run})`, (model, real) => {
        real.upkeep.cancel({ run }, "no more use", model.now);
        model.cancel((task) => task.run === run);
      }),
  ),
  place.map(
    (at) =>
      new Step(`replay(${at})`, (model, real) => {
        const dead = model.tasks.filter(({ state }) => state === "dead");
        const task = dead[at % Math.max(1, dead.length)];
        if (!task) return;
        model.replay(task);
        real.upkeep.replay(task.id, model.now);
      }),
  ),
  place.map(
    (at) =>
      new Step(`purge(${at})`, (model, real) => {
        const dead = model.tasks.filter(({ state }) => state === "dead");
        const task = dead[at % Math.max(1, dead.length)];
        if (!task) return;
        model.purge(task);
        assert.ok(real.upkeep.purge(task.id));
      }),
  ),
  later.map(
    (ms) =>
      new Step(`advance(${ms})`, (model, real) => {
        model.now += ms;
        model.expire();
        real.upkeep.expire(model.now);
      }),
  ),
  fc.constant(
    new Step("recover()", (model, real) => {
      model.recover();
      real.upkeep.recover(model.now, { all: true });
    }),
  ),
];

describe("task queue against its model", () => {
  it("Queue 5 to 19, DAG 26 to 29: whatever is done in whatever order, the rows are what plain lists would be", () => {
    fc.assert(
      fc.property(fc.commands(commands, { maxCommands: 200, size: "max" }), (steps) => {
        const real = new RealTasks();
        try {
          fc.modelRun(() => ({ model: new TaskModel(), real }), steps);
        } finally {
          real.database.close();
        }
      }),
      { numRuns: 60 },
    );
  });
});
