import { MessageError } from "./bus.ts";

/** Longer ones are a mistake, or an attempt to be slow. */
const longestTopic = 256;
const mostSegments = 16;
/** Topics whose subscribers are remembered; a run has a few dozen. */
const rememberedTopics = 4_096;
const segment = /^[^.*>\s]+$/;

interface Node<T> {
  readonly literals: Map<string, Node<T>>;
  /** Under `*`. */
  any: Node<T> | undefined;
  /** Patterns that end here. */
  readonly here: Set<T>;
  /** Patterns that end here with `>`. */
  readonly rest: Set<T>;
}

/** Who follows which topics: finding them costs by the topic's segments, not by how many subscribe. */
export class TopicTrie<T> {
  readonly #root: Node<T> = emptyNode();
  readonly #known = new Map<string, readonly T[]>();

  /** @throws {MessageError} For a malformed pattern. */
  add(pattern: string, subscriber: T): void {
    this.#place(pattern).add(subscriber);
    this.#known.clear();
  }

  /** The tree keeps its branches: patterns are few, and come again. */
  remove(pattern: string, subscriber: T): void {
    this.#place(pattern).delete(subscriber);
    this.#known.clear();
  }

  /** Each once, in no order to rely on. @throws {MessageError} For a malformed topic. */
  match(topic: string): readonly T[] {
    const known = this.#known.get(topic);
    if (known) return known;
    const found = new Set<T>();
    collect(this.#root, segmentsOf(topic, false), 0, found);
    if (this.#known.size >= rememberedTopics) this.#known.clear();
    const matches = [...found];
    this.#known.set(topic, matches);
    return matches;
  }

  #place(pattern: string): Set<T> {
    const segments = segmentsOf(pattern, true);
    const isOpen = segments.at(-1) === ">";
    if (isOpen) segments.pop();
    let node = this.#root;
    for (const each of segments) node = each === "*" ? (node.any ??= emptyNode()) : childOf(node, each);
    return isOpen ? node.rest : node.here;
  }
}

/** Whether a topic is one of a pattern's. */
export function matches(pattern: string, topic: string): boolean {
  const wanted = segmentsOf(pattern, true);
  const given = segmentsOf(topic, false);
  if (wanted.at(-1) === ">") return given.length >= wanted.length && fits(wanted.slice(0, -1), given);
  return given.length === wanted.length && fits(wanted, given);
}

function fits(wanted: readonly string[], given: readonly string[]): boolean {
  return wanted.every((each, index) => each === "*" || each === given[index]);
}

function segmentsOf(text: string, isPattern: boolean): string[] {
  const segments = text.length > longestTopic ? [] : text.split(".");
  const isGood = segments.every(
    (each, index) =>
      segment.test(each) || (isPattern && (each === "*" || (each === ">" && index === segments.length - 1))),
  );
  if (segments.length === 0 || segments.length > mostSegments || !isGood)
    throw new MessageError(
      `"${text.slice(0, longestTopic)}" is no ${isPattern ? "pattern" : "topic"}: it takes up to ${mostSegments} segments with points between` +
        `${isPattern ? ", * for any one, > for the rest" : ""}.`,
    );
  return segments;
}

function collect<T>(node: Node<T>, segments: readonly string[], depth: number, found: Set<T>): void {
  const each = segments[depth];
  if (each === undefined) {
    for (const subscriber of node.here) found.add(subscriber);
    return;
  }
  for (const subscriber of node.rest) found.add(subscriber);
  const literal = node.literals.get(each);
  if (literal) collect(literal, segments, depth + 1, found);
  if (node.any) collect(node.any, segments, depth + 1, found);
}

function childOf<T>(node: Node<T>, name: string): Node<T> {
  const known = node.literals.get(name);
  if (known) return known;
  const made = emptyNode<T>();
  node.literals.set(name, made);
  return made;
}

function emptyNode<T>(): Node<T> {
  return { literals: new Map(), any: undefined, here: new Set(), rest: new Set() };
}
