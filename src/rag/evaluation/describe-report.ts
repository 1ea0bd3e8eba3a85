import type { AbstentionReport } from "./abstention-report.ts";
import type { Estimate } from "./bootstrap.ts";
import type { EvaluationReport } from "./report.ts";
import type { StrategyReport } from "./retrieval-report.ts";
import { baseline, strategies } from "./strategies.ts";

/** A report for people: a table of the strategies, then what the answers' confidence is worth, in words. */
export function describeReport(report: EvaluationReport): string {
  const { forager, seed, resamples, retrieval, abstention, notes } = report;
  const parts = [
    ...(retrieval.length > 0 ? [describeRetrieval(retrieval)] : []),
    ...(abstention ? [describeAbstention(abstention)] : []),
    ...(notes.length > 0 ? [notes.map((note) => `Note: ${note}`).join("\n")] : []),
    `[95 % intervals: ${resamples} bootstrap resamples of the queries, seed ${seed}; Forager ${forager.version}${forager.commit === undefined ? "" : `, commit ${forager.commit.slice(0, 12)}`}]`,
  ];
  return parts.join("\n\n");
}

function describeRetrieval(rows: readonly StrategyReport[]): string {
  const head = [
    "strategy",
    "nDCG@10",
    `difference to ${strategies[baseline]}`,
    "recall@5",
    "@20",
    "@100",
    "MRR@10",
    "queries",
  ];
  const body = rows.map((row) => [
    strategies[row.strategy],
    withInterval(row.ndcg10),
    row.difference ? withInterval(row.difference, true) : "-",
    ...[row.recall5, row.recall20, row.recall100, row.mrr10].map(({ value }) => decimals(value)),
    String(row.queries),
  ]);
  const classes = [...new Set(rows.flatMap((row) => Object.keys(row.classes)))];
  const byClass = rows.map((row) => [
    strategies[row.strategy],
    ...classes.map((name) => (row.classes[name] ? withInterval(row.classes[name]) : "-")),
  ]);
  return [
    table([head, ...body]),
    ...(classes.length > 0 ? [`nDCG@10 by class\n${table([["strategy", ...classes], ...byClass])}`] : []),
  ].join("\n\n");
}

function describeAbstention(report: AbstentionReport): string {
  const { accuracyAt, auc, aurc, bestAurc, falseAnswerRate, falseRefusalRate } = report;
  const lines = [
    `Answers to ${report.answerable} answerable and ${report.unanswerable} unanswerable questions`,
    auc
      ? `  Tells them apart with an AUC of ${withInterval(auc)}${classesOf(report.aucByClass)}.`
      : "  No AUC: that takes answerable and unanswerable questions.",
    ...(report.calibrationError
      ? [
          `  The stated confidence is off by ${withInterval(report.calibrationError)} on average (ECE, 10 bins).`,
        ]
      : []),
    `  Right are ${percent(accuracyAt["100"])} if everything is answered, ${percent(accuracyAt["90"])} of the surest 90 %, ${percent(accuracyAt["50"])} of the surest half` +
      `${aurc && bestAurc !== null ? ` (AURC ${withInterval(aurc)}, ${decimals(bestAurc)} at best)` : ""}.`,
    `  As configured ${percent(report.answeredShare)} are answered, ${percent(report.answeredAccuracy)} of them right.`,
    ...(falseAnswerRate
      ? [
          `  Of the unanswerable ${percent(falseAnswerRate.value)} ${percentInterval(falseAnswerRate)} get an answer all the same.`,
        ]
      : []),
    ...(falseRefusalRate
      ? [
          `  Of the answerable ${percent(falseRefusalRate.value)} ${percentInterval(falseRefusalRate)} get none.`,
        ]
      : []),
  ];
  return lines.join("\n");
}

function classesOf(aucs: Readonly<Record<string, Estimate>>): string {
  const named = Object.entries(aucs).map(([name, estimate]) => `${name} ${withInterval(estimate)}`);
  return named.length > 0 ? ` (${named.join(", ")})` : "";
}

/** Columns as wide as they need be, numbers to the right. */
function table(rows: readonly (readonly string[])[]): string {
  const columns = (rows[0] ?? []).map((_, column) => {
    const cells = rows.map((row) => row[column] ?? "");
    const isNumeric = column > 0 && cells.slice(1).every((cell) => !cell.includes("["));
    return { isNumeric, width: Math.max(...cells.map(({ length }) => length)) };
  });
  const line = (row: readonly string[]) =>
    columns
      .map(({ isNumeric, width }, column) => row[column]?.[isNumeric ? "padStart" : "padEnd"](width))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

function withInterval({ value, interval95: [from, to] }: Estimate, isSigned = false): string {
  const text = (number: number) => (isSigned ? signed(number) : decimals(number));
  return `${text(value)} [${text(from)}, ${text(to)}]`;
}

function percentInterval({ interval95: [from, to] }: Estimate): string {
  return `[${percent(from)}, ${percent(to)}]`;
}

/** Three digits: more is noise at any number of queries there will be. */
function decimals(value: number): string {
  return value.toFixed(3);
}

function signed(value: number): string {
  const text = decimals(Math.abs(value));
  return Number(text) === 0 ? ` ${text}` : `${value < 0 ? "-" : "+"}${text}`;
}

function percent(share: number | null): string {
  return share === null ? "none" : `${Math.round(share * 100)} %`;
}
