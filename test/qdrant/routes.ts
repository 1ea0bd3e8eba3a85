import { setTimeout as sleep } from "node:timers/promises";
import { unlessAborted } from "../../src/deadline.ts";
import type { AliasAction, Catalogue } from "./catalogue.ts";
import type { Collection, CollectionChange } from "./collection.ts";
import { badRequest } from "./failure.ts";
import type { PointId } from "./wire.ts";
import type { CreateCollection, GroupsRequest, QueryRequest, Wanted } from "./wire.ts";
import { checkQuery } from "./query.ts";
import {
  count,
  facet,
  query,
  queryBatch,
  queryGroups,
  retrieve,
  retrieveOne,
  scroll,
  type ScrollRequest,
} from "./reads.ts";
import { checkLimit, type PayloadIndex } from "./strict-mode.ts";
import { costOf, type Operation, prepare } from "./updates.ts";

/** One request, checked against the client's types. */
export interface Call {
  readonly catalogue: Catalogue;
  readonly path: Readonly<Record<string, string>>;
  readonly query: { readonly wait?: boolean; readonly timeout?: number };
  readonly body: unknown;
  /** What an update that was taken waits for before it is applied. */
  readonly until: Promise<void> | undefined;
  /** Milliseconds in a second of `timeout`. */
  readonly secondMs: number;
  /** Ends with the server. */
  readonly signal: AbortSignal;
}

/** What an operation needs a key for, and its result. */
export interface Route {
  readonly access: "read" | "write";
  /** The answer's `result`, or a promise of it. */
  run(call: Call): unknown;
}

/** Operations by their names in the description of the API. */
export const routes: Readonly<Record<string, Route>> = {
  get_collections: read(({ catalogue }) => ({ collections: catalogue.names().map((name) => ({ name })) })),
  get_collections_aliases: read(({ catalogue }) => ({ aliases: catalogue.aliases() })),
  get_collection_aliases: read(({ catalogue, path }) => {
    catalogue.get(nameIn(path));
    return { aliases: catalogue.aliases(nameIn(path)) };
  }),
  get_collection: read(({ catalogue, path }) => catalogue.get(nameIn(path)).info()),
  collection_exists: read(({ catalogue, path }) => ({ exists: catalogue.find(nameIn(path)) !== undefined })),
  create_collection: write(({ catalogue, path, body }) => {
    catalogue.create(nameIn(path), body as CreateCollection);
    return true;
  }),
  update_collection: write(({ catalogue, path, body }) => {
    catalogue.get(nameIn(path)).change(body as CollectionChange);
    return true;
  }),
  delete_collection: write(({ catalogue, path }) => catalogue.drop(nameIn(path))),
  update_aliases: write(({ catalogue, body }) => {
    catalogue.changeAliases((body as { readonly actions: readonly AliasAction[] }).actions);
    return true;
  }),

  create_field_index: write(async (call) => {
    const { field_name, field_schema } = call.body as {
      readonly field_name: string;
      readonly field_schema?: string | ({ readonly type: string } & PayloadIndex["params"]) | null;
    };
    if (!field_schema) throw badRequest(`The index of "${field_name}" needs a type.`);
    const index =
      typeof field_schema === "string"
        ? { type: field_schema }
        : { type: field_schema.type, params: field_schema };
    const [result] = await update(call, [({ indexes }) => void indexes.set(field_name, index)]);
    return result;
  }),
  delete_field_index: write(async (call) => {
    const [result] = await update(call, [
      ({ indexes }) => void indexes.delete(call.path["field_name"] ?? ""),
    ]);
    return result;
  }),

  upsert_points: write((call) => updatePoints(call, "upsert")),
  delete_points: write((call) => updatePoints(call, "delete")),
  set_payload: write((call) => updatePoints(call, "set_payload")),
  overwrite_payload: write((call) => updatePoints(call, "overwrite_payload")),
  delete_payload: write((call) => updatePoints(call, "delete_payload")),
  clear_payload: write((call) => updatePoints(call, "clear_payload")),
  update_vectors: write((call) => updatePoints(call, "update_vectors")),
  delete_vectors: write((call) => updatePoints(call, "delete_vectors")),
  batch_update: write((call) =>
    applyAll(call, (call.body as { readonly operations: readonly Operation[] }).operations),
  ),

  get_point: read((call) => retrieveOne(reading(call), readId(call.path["id"] ?? ""))),
  get_points: read((call) =>
    retrieve(reading(call), call.body as Wanted & { readonly ids: readonly PointId[] }),
  ),
  scroll_points: read((call) => scroll(reading(call), call.body as ScrollRequest)),
  count_points: read((call) => count(reading(call), call.body as object)),
  facet: read((call) => facet(reading(call), call.body as { readonly key: string })),
  query_points: read((call) => {
    const collection = reading(call);
    checkQuery(collection, call.body as QueryRequest);
    return query(collection, call.body as QueryRequest);
  }),
  query_batch_points: read((call) => {
    const body = call.body as { readonly searches: readonly QueryRequest[] };
    return queryBatch(reading(call, body.searches.length), body);
  }),
  query_points_groups: read((call) => {
    const collection = reading(call);
    checkQuery(collection, call.body as GroupsRequest);
    return queryGroups(collection, call.body as GroupsRequest);
  }),
};

function read(run: Route["run"]): Route {
  return { access: "read", run };
}

function write(run: Route["run"]): Route {
  return { access: "write", run };
}

function nameIn(path: Call["path"]): string {
  return path["collection_name"] ?? "";
}

function readId(text: string): PointId {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function reading(call: Call, tokens = 1): Collection {
  const collection = called(call);
  collection.spendReads(tokens);
  return collection;
}

function called({ catalogue, path, query }: Call): Collection {
  const collection = catalogue.get(nameIn(path));
  checkLimit(collection.strict, "max_timeout", query.timeout);
  return collection;
}

async function updatePoints(call: Call, kind: keyof Operation): Promise<unknown> {
  const [result] = await applyAll(call, [{ [kind]: call.body }]);
  return result;
}

function applyAll(call: Call, operations: readonly Operation[]): Promise<readonly object[]> {
  const collection = called(call);
  const changes = operations.map((operation) => prepare(collection, operation));
  collection.spendWrites(operations.reduce((sum, operation) => sum + costOf(operation), 0));
  return update(
    call,
    changes.map((change) => (_collection, version) => change(version)),
  );
}

/**
 * Applies changes in their turn, and answers at once, when they are applied, or when the request's timeout is up before.
 */
async function update(
  call: Call,
  changes: readonly ((collection: Collection, version: number) => void)[],
): Promise<readonly object[]> {
  const collection = called(call);
  const { wait = false, timeout } = call.query;
  const versions = changes.map(() => collection.nextOperation());
  const apply = () => changes.forEach((change, at) => change(collection, versions[at] ?? 0));
  const answer = (status: string) => versions.map((operation_id) => ({ operation_id, status }));

  if (!call.until && collection.waiting === 0) {
    apply();
    return answer(wait ? "completed" : "acknowledged");
  }
  collection.waiting++;
  const turn = collection.applied
    .then(() => call.until && unlessAborted(call.until, call.signal))
    .then(apply)
    .finally(() => collection.waiting--);
  // Whoever waits for it hears of its failure; nobody else does.
  collection.applied = turn.catch(() => undefined);
  if (!wait) return answer("acknowledged");
  const timer = new AbortController();
  try {
    return await Promise.race([
      turn.then(() => answer("completed")),
      ...(timeout === undefined
        ? []
        : [sleep(timeout * call.secondMs, answer("wait_timeout"), { signal: timer.signal })]),
    ]);
  } finally {
    timer.abort();
  }
}
