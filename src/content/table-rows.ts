import type { HtmlNode } from "./html-tree.ts";

/** A table of data, row by row. */
export interface TableRows {
  readonly list: readonly TableRow[];
  readonly columns: number;
  readonly caption: HtmlNode | undefined;
  /** No cell of the table can be longer. */
  readonly maxCellLength: number;
}

interface TableRow {
  readonly cells: readonly { readonly node: HtmlNode; readonly span: number }[];
  readonly isHeader: boolean;
}

/** Wider tables are read as layout; a `colspan` may claim no more. */
const maxColumns = 64;
/** Cells longer than this on average hold articles, not data. */
const maxMeanCellLength = 600;

/** The rows of a data table; undefined where the table only lays out the page (headings, code or tables within, one column, long cells). */
export function tableRows(table: HtmlNode): TableRows | undefined {
  if (table.isComposite || table.attribute("role") === "presentation") return undefined;
  const list: TableRow[] = [];
  let columns = 0;
  let cellCount = 0;
  let caption: HtmlNode | undefined;
  const addRow = (row: HtmlNode, isInHead: boolean): void => {
    const cells: { node: HtmlNode; span: number }[] = [];
    let width = 0;
    let isHeader = true;
    for (let cell = row.first; cell !== undefined; cell = cell.next) {
      if ((cell.name !== "td" && cell.name !== "th") || cell.isHidden || cell.isBoilerplate) continue;
      const span = Math.max(
        1,
        Math.min(maxColumns, Number.parseInt(cell.attribute("colspan") ?? "1", 10) || 1),
      );
      cells.push({ node: cell, span });
      width += span;
      if (cell.name === "td") isHeader = false;
    }
    if (cells.length === 0) return;
    cellCount += cells.length;
    columns = Math.max(columns, width);
    list.push({ cells, isHeader: isHeader || isInHead });
  };
  for (let part = table.first; part !== undefined; part = part.next) {
    if (part.isHidden || part.isBoilerplate) continue;
    if (part.name === "caption") caption = part;
    else if (part.name === "tr") addRow(part, false);
    else if (part.name === "thead" || part.name === "tbody" || part.name === "tfoot") {
      for (let row = part.first; row !== undefined; row = row.next) {
        if (row.name === "tr" && !row.isHidden && !row.isBoilerplate) addRow(row, part.name === "thead");
      }
    }
  }
  if (columns < 2 || columns > maxColumns || table.textLength / cellCount > maxMeanCellLength)
    return undefined;
  return { list, columns, caption, maxCellLength: table.textLength + 1 };
}
