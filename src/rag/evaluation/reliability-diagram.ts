import type { AbstentionReport } from "./abstention-report.ts";
import { drawPlot } from "./svg-plot.ts";

/** Of the normal distribution: 95 % lie within so many deviations. */
const deviations = 1.96;

/**
 * What stated confidences are worth, as the text of an SVG file: in each tenth, the share that was right as a bar, and as
 * a dot over the mean confidence stated, with the interval its number of answers allows. On the diagonal, confidence is what it says.
 */
export function drawReliability({
  bins,
  calibrationError,
}: Pick<AbstentionReport, "bins" | "calibrationError">): string {
  const answers = bins.reduce((sum, { count }) => sum + count, 0);
  return drawPlot({
    title: "Is the stated confidence right?",
    summary: `${answers} answers${calibrationError ? `, expected calibration error ${calibrationError.value.toFixed(3)}` : ""}`,
    xLabel: "stated confidence",
    yLabel: "share of right answers",
    counts: bins.map(({ count }) => count),
    draw: (x, y) => {
      const held = bins.filter(({ count }) => count > 0);
      const bars = held.map(({ from, to, count, right }) => {
        const [left, top] = [Number(x(from)) + 2, y(right / count)];
        const height = Number((Number(y(0)) - Number(top)).toFixed(1));
        const width = Number((Number(x(to)) - 2 - left).toFixed(1));
        return `<rect class="bar" x="${left}" y="${top}" width="${width}" height="${height}"/>`;
      });
      const marks = held.map(({ count, right, meanConfidence }) => {
        const [low, high] = wilsonInterval(right / count, count);
        const middle = x(meanConfidence);
        return `<line class="whisker" x1="${middle}" x2="${middle}" y1="${y(low)}" y2="${y(high)}"/>
<circle class="mark" cx="${middle}" cy="${y(right / count)}" r="5"/>`;
      });
      const diagonal = `<path class="reference" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>`;
      return [...bars, diagonal, ...marks].join("\n");
    },
  });
}

/** Where the true share lies, with 95 %. @see Wilson, Probable inference, JASA 1927. */
function wilsonInterval(share: number, count: number): [number, number] {
  const square = deviations ** 2;
  const centre = share + square / (2 * count);
  const reach = deviations * Math.sqrt((share * (1 - share)) / count + square / (4 * count ** 2));
  const scale = 1 + square / count;
  return [Math.max(0, (centre - reach) / scale), Math.min(1, (centre + reach) / scale)];
}
