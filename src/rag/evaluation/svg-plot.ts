/** The drawing area of a diagram, in the SVG's own units. */
const plot = { left: 76, top: 84, size: 400 };
const width = plot.left + plot.size + 28;

/** A diagram whose x goes from 0 to 1 and whose y goes from 0 to `highest`. */
export interface Plot {
  readonly title: string;
  /** One line under the title. */
  readonly summary: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** 1 when left out. */
  readonly highest?: number;
  /** Under the x axis, one for each tenth: how many there are. */
  readonly counts?: readonly number[];
  /** What is drawn inside: SVG, made with the functions it is given. */
  readonly draw: (x: (value: number) => string, y: (value: number) => string) => string;
}

/** What a diagram looks like, on a light and on a dark page. Colours by Okabe and Ito, told apart by the colour-blind. */
const style = `
  .plot { --paper: #fff; --ink: #1f2328; --soft: #59636e; --grid: #d9dee3; --main: #0072b2; --fill: #9ecae8; --other: #d55e00; }
  @media (prefers-color-scheme: dark) {
    .plot { --paper: #0d1117; --ink: #f0f3f6; --soft: #9da7b3; --grid: #30363d; --main: #56b4e9; --fill: #1f4e6e; --other: #f0a04b; }
  }
  .plot text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .plot .title { font-size: 17px; font-weight: 600; }
  .plot .soft { fill: var(--soft); }
  .plot .count { font-size: 11px; fill: var(--soft); }
  .plot .grid { stroke: var(--grid); }
  .plot .axis { stroke: var(--ink); }
  .plot .reference { stroke: var(--soft); stroke-dasharray: 5 4; fill: none; }
  .plot .line { stroke: var(--main); stroke-width: 2.5; fill: none; stroke-linejoin: round; }
  .plot .area { fill: var(--fill); opacity: .5; }
  .plot .bar { fill: var(--fill); stroke: var(--main); }
  .plot .whisker { stroke: var(--main); stroke-width: 1.5; }
  .plot .mark { fill: var(--other); stroke: var(--paper); stroke-width: 1.5; }
  .plot .note { fill: var(--other); font-weight: 600; }
`;

/** A diagram as the text of an SVG file: axes with grid and labels around what `draw` gives. */
export function drawPlot({ title, summary, xLabel, yLabel, highest = 1, counts, draw }: Plot): string {
  const bottom = plot.top + plot.size;
  const right = plot.left + plot.size;
  const x = (value: number) => rounded(plot.left + value * plot.size);
  const y = (value: number) => rounded(bottom - (value / highest) * plot.size);
  const height = bottom + (counts ? 76 : 60);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const middle = plot.left + plot.size / 2;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" class="plot" role="img" aria-label="${escapeText(`${title} ${summary}`)}">
<style>${style}</style>
<rect width="100%" height="100%" fill="var(--paper)"/>
<text class="title" x="${plot.left}" y="32">${escapeText(title)}</text>
<text class="soft" x="${plot.left}" y="55">${escapeText(summary)}</text>
${ticks
  .map((tick) => {
    const value = tick * highest;
    return `<line class="grid" x1="${plot.left}" x2="${right}" y1="${y(value)}" y2="${y(value)}"/>
<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="${plot.top}" y2="${bottom}"/>
<text class="soft" text-anchor="end" x="${plot.left - 8}" y="${Number(y(value)) + 4}">${label(value)}</text>
<text class="soft" text-anchor="middle" x="${x(tick)}" y="${bottom + 19}">${label(tick)}</text>`;
  })
  .join("\n")}
${(counts ?? [])
  .map(
    (count, index) =>
      `<text class="count" text-anchor="middle" x="${x((index + 0.5) / 10)}" y="${bottom + 36}">${count}</text>`,
  )
  .join(
    "\n",
  )}${counts ? `\n<text class="count" text-anchor="end" x="${plot.left - 8}" y="${bottom + 36}">number</text>` : ""}
${draw(x, y)}
<path class="axis" fill="none" d="M${plot.left} ${plot.top}V${bottom}H${right}"/>
<text text-anchor="middle" x="${middle}" y="${height - 14}">${escapeText(xLabel)}</text>
<text text-anchor="middle" transform="translate(22 ${plot.top + plot.size / 2}) rotate(-90)">${escapeText(yLabel)}</text>
</svg>
`;
}

/** Text as it may stand in an SVG. */
export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function label(value: number): string {
  return String(Number(value.toFixed(2)));
}

function rounded(value: number): string {
  return String(Number(value.toFixed(1)));
}
