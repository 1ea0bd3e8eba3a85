import { readFile } from "node:fs/promises";
import { compareIds } from "./points.ts";
import type { PointId } from "./wire.ts";

/** One request that was sent to a real server, and what came back. */
export interface Recorded {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** A body that is no JSON, or other JSON than JavaScript writes. */
  readonly text?: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly retryAfter?: string;
  readonly answer?: unknown;
  /** The answer was text, which every server words its own way. */
  readonly isText?: boolean;
  /** What kind of refusal, and the names and numbers that it has to mention. */
  readonly error?: { readonly kind: string; readonly names?: readonly string[] };
  /** Ids with equal scores on the way to the answer: they may change places. */
  readonly ties?: readonly string[];
}

/** `fixtures/recorded.json`. */
export interface Recording {
  readonly server: string;
  readonly leftOut: readonly { readonly what: string; readonly why: string }[];
  readonly requests: readonly Recorded[];
  readonly withKeys: readonly Recorded[];
}

/** `fixtures/bm25.json`. */
export interface RecordedBm25 {
  readonly options: { readonly avg_len: number; readonly k: number; readonly b: number };
  readonly documents: readonly {
    readonly text: string;
    readonly indices: readonly number[];
    readonly values: readonly number[];
  }[];
  readonly queries: readonly {
    readonly text: string;
    readonly hits: readonly { readonly document: number; readonly score: number }[];
  }[];
}

/** Reads a file of `fixtures/`. */
export async function readFixture<Fixture>(name: "recorded.json" | "bm25.json"): Promise<Fixture> {
  return JSON.parse(await readFile(new URL(`fixtures/${name}`, import.meta.url), "utf8")) as Fixture;
}

/** How far scores of 32-bit numbers may be apart. */
const tolerance = 1e-5;
/** Numbers that each server counts for itself. */
const countedKeys = new Set(["operation_id", "version", "segments_count"]);

/** Sends a recorded request. @returns Where the answer differs from the recorded one; [] when nowhere. */
export async function replay(url: string, recorded: Recorded): Promise<readonly string[]> {
  const { method, status, contentType, retryAfter, error, answer, isText } = recorded;
  const text = recorded.text ?? (recorded.body === undefined ? undefined : JSON.stringify(recorded.body));
  const response = await fetch(url + recorded.path, {
    method,
    headers: recorded.headers ?? (text === undefined ? {} : { "content-type": "application/json" }),
    // As bytes, since fetch gives text a content type of its own.
    ...(text !== undefined && { body: new TextEncoder().encode(text) }),
  });
  const got = await response.text();
  const differences: string[] = [];
  const compare = (what: string, found: unknown, wanted: unknown) => {
    if (found !== wanted) differences.push(`${what} ${String(found)}, not ${String(wanted)}`);
  };
  compare("status", response.status, status);
  compare("content type", response.headers.get("content-type"), contentType);
  compare("retry-after", response.headers.get("retry-after"), retryAfter ?? null);
  const body: unknown = contentType === "application/json" ? JSON.parse(got) : got;
  if (error && !isText) {
    differences.push(...differencesIn(body, { status: { error: "" }, time: 0 }, "", { isWorded: true }));
  }
  for (const name of error?.names ?? []) {
    if (!mentions(got, name)) differences.push(`${name} is not mentioned in ${got}`);
  }
  if (answer !== undefined && differences.length === 0) {
    const result = (body as { result?: unknown }).result ?? body;
    differences.push(...differencesIn(result, answer, "", { ties: new Set(recorded.ties) }));
  }
  return differences.map((difference) => `${recorded.what} (${method} ${recorded.path}): ${difference}`);
}

interface Comparison {
  readonly ties?: ReadonlySet<PointId>;
  /** Texts are the server's own words. */
  readonly isWorded?: boolean;
}

function differencesIn(
  found: unknown,
  wanted: unknown,
  at: string,
  comparison: Comparison,
): readonly string[] {
  if (typeof wanted === "number" && typeof found === "number") {
    return Math.abs(found - wanted) <= tolerance ? [] : [`${at} is ${found}, not ${wanted}`];
  }
  if (Array.isArray(wanted) && Array.isArray(found)) {
    if (found.length !== wanted.length) return [`${at} has ${found.length} members, not ${wanted.length}`];
    const [order, wantedOrder] = [found, wanted].map((list) =>
      inOneOrder(list, comparison.ties ?? new Set<PointId>()),
    );
    return (wantedOrder ?? []).flatMap((one, place) =>
      differencesIn(order?.[place], one, `${at}[${place}]`, comparison),
    );
  }
  if (isObject(wanted) && isObject(found)) {
    const [keys, wantedKeys] = [found, wanted].map((one) => Object.keys(one).sort().join());
    if (keys !== wantedKeys) return [`${at} has the members ${keys}, not ${wantedKeys}`];
    return Object.keys(wanted).flatMap((key) => {
      const isCounted = countedKeys.has(key) && typeof found[key] === typeof wanted[key];
      return isCounted ? [] : differencesIn(found[key], wanted[key], `${at}.${key}`, comparison);
    });
  }
  if (comparison.isWorded && typeof found === "string" && typeof wanted === "string") return [];
  return found === wanted ? [] : [`${at} is ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`];
}

/** Hits with ties put in the order of their ids: those of one score, and those named as ties whatever scores they have. */
function inOneOrder(list: readonly unknown[], ties: ReadonlySet<PointId>): readonly unknown[] {
  if (!list.every(isHit)) return list;
  const ordered: unknown[] = [];
  for (let start = 0; start < list.length; start = ordered.length) {
    const first = list[start] as Hit;
    const isFree = ({ id, score }: Hit) =>
      Math.abs(score - first.score) <= tolerance || (ties.has(id) && ties.has(first.id));
    const rest = list.slice(start);
    const end = rest.findIndex((hit) => !isFree(hit));
    const tied = end < 0 ? rest : rest.slice(0, end);
    const ids = tied.map(({ id }) => id).sort(compareIds);
    // Of ties that a limit cuts off, any may be there.
    for (const [place, hit] of tied.entries()) {
      const id = ids[place] ?? hit.id;
      ordered.push({ ...hit, id: ties.has(id) ? "one of the ties" : id });
    }
  }
  return ordered;
}

interface Hit {
  readonly id: PointId;
  readonly score: number;
}

function isHit(value: unknown): value is Hit {
  return isObject(value) && "id" in value && typeof value["score"] === "number";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a name or number stands there by itself. */
function mentions(text: string, name: string): boolean {
  const parts = text.split(name);
  return parts.slice(1).some((after, at) => !/[\w.]$/.test(parts[at] ?? "") && !/^\w/.test(after));
}
