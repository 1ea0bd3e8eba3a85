import type { AbstentionReport } from "./abstention-report.ts";
import { drawPlot } from "./svg-plot.ts";

/** Tops that the y axis may have: as low as holds the curve. */
const tops = [0.1, 0.25, 0.5, 1];

/**
 * What answering more costs, as the text of an SVG file: the share of wrong answers among the surest, from few to all;
 * dashed, what drawing lots would give; the mark is where the system stands as configured.
 */
export function drawRiskCoverage(
  report: Pick<AbstentionReport, "curve" | "aurc" | "bestAurc" | "answeredShare" | "answeredAccuracy">,
): string {
  const { curve, aurc, bestAurc, answeredShare, answeredAccuracy } = report;
  const overall = curve.at(-1)?.risk ?? 0;
  const most = Math.max(
    ...curve.map(({ risk }) => risk),
    answeredAccuracy === null ? 0 : 1 - answeredAccuracy,
  );
  const highest = tops.find((top) => top >= most) ?? 1;
  return drawPlot({
    title: "What does answering more cost?",
    summary: aurc
      ? `area ${aurc.value.toFixed(3)}${bestAurc === null ? "" : ` (at best ${bestAurc.toFixed(3)})`}; dashed: in random order`
      : "nothing was asked",
    xLabel: "share of questions answered, the surest first",
    yLabel: "share of wrong answers",
    highest,
    draw: (x, y) => {
      const [first] = curve;
      if (!first) return "";
      const line = [{ coverage: 0, risk: first.risk }, ...curve].map(
        ({ coverage, risk }) => `${x(coverage)} ${y(risk)}`,
      );
      const parts = [
        `<path class="area" d="M${x(0)} ${y(0)}L${line.join("L")}L${x(1)} ${y(0)}Z"/>`,
        `<path class="reference" d="M${x(0)} ${y(overall)}H${x(1)}"/>`,
        `<path class="line" d="M${line.join("L")}"/>`,
      ];
      if (answeredAccuracy === null) return parts.join("\n");
      const [left, top] = [x(answeredShare), y(1 - answeredAccuracy)];
      const isRight = answeredShare > 0.5;
      parts.push(
        `<circle class="mark" cx="${left}" cy="${top}" r="6"/>`,
        `<text class="note" text-anchor="${isRight ? "end" : "start"}" x="${Number(left) + (isRight ? -10 : 10)}" y="${Math.max(Number(top) - 10, Number(y(highest)) + 14)}">as configured</text>`,
      );
      return parts.join("\n");
    },
  });
}
