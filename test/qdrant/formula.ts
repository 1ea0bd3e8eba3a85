import { badRequest, NotServed } from "./failure.ts";
import { readDatetime, valuesAt } from "./filter.ts";
import type { Point } from "./points.ts";
import { checkIndex, type PayloadIndexes } from "./strict-mode.ts";
import type { Decay, Expression } from "./wire.ts";

/** What a formula reads for one point. */
export interface FormulaInput {
  readonly point: Point;
  /** The point's score in each prefetch; undefined where it was not found. */
  readonly scores: readonly (number | undefined)[];
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly indexes: PayloadIndexes;
}

/**
 * A formula's value for one point.
 * @throws {Refusal} 400 when it reads a payload's key without index, or divides by zero.
 */
export function evaluate(expression: Expression, input: FormulaInput): number {
  if (typeof expression === "number") return expression;
  if (typeof expression === "string") return variable(expression, input);
  const value = (one: Expression) => evaluate(one, input);
  if ("sum" in expression) return expression.sum.reduce<number>((sum, one) => sum + value(one), 0);
  if ("mult" in expression) return expression.mult.reduce<number>((product, one) => product * value(one), 1);
  if ("neg" in expression) return -value(expression.neg);
  if ("div" in expression) {
    const { left, right, by_zero_default } = expression.div;
    const divisor = value(right);
    if (divisor !== 0) return value(left) / divisor;
    if (typeof by_zero_default === "number") return by_zero_default;
    throw badRequest("The formula divides by zero.");
  }
  if ("exp_decay" in expression) return exponentialDecay(expression.exp_decay, value);
  if ("datetime" in expression) return seconds(expression.datetime);
  if ("datetime_key" in expression) {
    checkIndex(input.indexes, expression.datetime_key, ["datetime"]);
    const [found] = valuesAt(input.point.payload, expression.datetime_key);
    return seconds(found ?? input.defaults[expression.datetime_key]);
  }
  throw new NotServed(`the formula's ${Object.keys(expression).join()}`);
}

function variable(name: string, { point, scores, defaults, indexes }: FormulaInput): number {
  const fallback = defaults[name];
  const place = /^\$score(?:\[(\d+)\])?$/.exec(name);
  if (!place) checkIndex(indexes, name, ["integer lookup", "integer range", "float"]);
  const found = place ? scores[Number(place[1] ?? 0)] : valuesAt(point.payload, name)[0];
  const number = found ?? fallback ?? (place ? 0 : undefined);
  if (typeof number !== "number") throw badRequest(`The formula's ${name} has no number, and no default.`);
  return number;
}

function exponentialDecay({ x, target, scale, midpoint }: Decay, value: (one: Expression) => number): number {
  const distance = Math.abs(value(x) - value(target ?? 0));
  return Math.exp((Math.log(midpoint ?? 0.5) / (scale ?? 1)) * distance);
}

function seconds(text: unknown): number {
  const milliseconds = readDatetime(text);
  if (milliseconds === undefined)
    throw badRequest(`${JSON.stringify(text)} is no date and time of RFC 3339.`);
  return milliseconds / 1_000;
}
