import type { Block } from "../document.ts";
import { BlockWriter, type InlineMark } from "./block-writer.ts";
import { codeText, inlineCode, languageOf } from "./code-blocks.ts";
import type { HtmlNode } from "./html-tree.ts";
import type { LinkResolver } from "./link-resolver.ts";
import { linkTarget } from "./markdown-text.ts";
import { tableRows } from "./table-rows.ts";
import { oneLine } from "./white-space.ts";

/** One content in its three forms. */
export interface Rendered {
  readonly text: string;
  readonly markdown: string;
  readonly blocks: readonly Block[];
  readonly isTruncated: boolean;
}

/** Writes what is visible under `root`, less what is marked as boilerplate, as text, markdown and blocks in one walk. */
export function render(root: HtmlNode, resolver: LinkResolver, maxTextLength: number): Rendered {
  const writer = new BlockWriter(maxTextLength);
  renderNode(root, writer, resolver);
  writer.endLeaf();
  return { text: writer.text, markdown: writer.markdown, blocks: writer.blocks, isTruncated: writer.isFull };
}

const strong: InlineMark = { open: "**", close: "**", isLink: false };
const emphasis: InlineMark = { open: "*", close: "*", isLink: false };
const deleted: InlineMark = { open: "~~", close: "~~", isLink: false };

function renderChildren(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (writer.isFull) return;
    if (child.tag === undefined) writer.write(child.text);
    else if (!child.isHidden && !child.isBoilerplate) renderNode(child, writer, resolver);
  }
}

function renderNode(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  switch (node.name) {
    case "br":
      writer.breakLine();
      break;
    case "hr":
      writer.addRule();
      break;
    case "img":
      renderImage(node, writer, resolver);
      break;
    case "a":
      renderLink(node, writer, resolver);
      break;
    case "b":
    case "strong":
      renderMarked(node, strong, writer, resolver);
      break;
    case "i":
    case "em":
    case "cite":
    case "dfn":
      renderMarked(node, emphasis, writer, resolver);
      break;
    case "s":
    case "del":
    case "strike":
      renderMarked(node, deleted, writer, resolver);
      break;
    case "code":
    case "tt":
    case "samp":
    case "kbd":
      renderCode(node, writer, resolver);
      break;
    case "pre":
    case "listing":
    case "xmp":
      renderPreformatted(node, writer);
      break;
    case "ul":
    case "ol":
    case "menu":
      renderList(node, writer, resolver);
      break;
    case "dl":
      renderDefinitions(node, writer, resolver);
      break;
    case "table":
      renderTable(node, writer, resolver);
      break;
    case "blockquote":
      renderQuote(node, writer, resolver);
      break;
    default:
      renderPlain(node, writer, resolver);
  }
}

function renderPlain(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const level = node.tag?.headingLevel ?? 0;
  if (level > 0) {
    writer.startHeading(level);
    renderChildren(node, writer, resolver);
    writer.endHeading();
  } else if (node.tag?.isBlock === true) {
    writer.endLeaf();
    renderChildren(node, writer, resolver);
    writer.endLeaf();
  } else {
    renderChildren(node, writer, resolver);
  }
}

function renderMarked(node: HtmlNode, mark: InlineMark, writer: BlockWriter, resolver: LinkResolver): void {
  if (writer.hasMark(mark.open)) {
    renderChildren(node, writer, resolver);
    return;
  }
  writer.openMark(mark);
  renderChildren(node, writer, resolver);
  writer.closeMark();
}

function renderLink(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const href = node.attribute("href");
  if (href === undefined) {
    renderChildren(node, writer, resolver);
    return;
  }
  if (isPermalink(node, href)) return;
  const url = resolver.resolveWithFragment(href);
  if (url === undefined) {
    renderChildren(node, writer, resolver);
    return;
  }
  writer.openMark({ open: "[", close: `](${linkTarget(url)})`, isLink: true });
  renderChildren(node, writer, resolver);
  writer.closeMark();
}

/** The pilcrow or hash beside a heading that links to it: a tool of the page, not text of it. */
function isPermalink(node: HtmlNode, href: string): boolean {
  if (node.textLength > 3 || !href.includes("#")) return false;
  const only = node.first;
  return (
    only !== undefined &&
    only.tag === undefined &&
    only.next === undefined &&
    /^ ?[¶#§∞🔗] ?$/u.test(only.text)
  );
}

function renderImage(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const alt = oneLine(node.attribute("alt") ?? "");
  const source = node.attribute("src") ?? node.attribute("data-src") ?? "";
  if (alt === "" || source === "") return;
  const url =
    resolver.resolveWithFragment(source) ?? resolver.resolveWithFragment(node.attribute("data-src") ?? "");
  if (url !== undefined) writer.writeImage(`![${alt.replace(/[[\]\\]/g, "\\$&")}](${linkTarget(url)})`);
}

function renderCode(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const code = inlineCode(node);
  if (code === undefined) renderChildren(node, writer, resolver);
  else if (code.trim() !== "") {
    if (code.startsWith(" ")) writer.write(" ");
    writer.writeCode(code.trim());
    if (code.endsWith(" ")) writer.write(" ");
  }
}

function renderPreformatted(node: HtmlNode, writer: BlockWriter): void {
  const code = codeText(node);
  if (code.trim() !== "") writer.addCode(code, languageOf(node));
}

function renderList(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const isMerged = !node.isComposite && !writer.isInBlock;
  if (isMerged) writer.startMerged("list");
  let number = node.name === "ol" ? Number.parseInt(node.attribute("start") ?? "1", 10) || 1 : 0;
  const isNested = node.parent?.name === "li";
  let isFirst = true;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (writer.isFull) break;
    if (child.tag === undefined) writer.write(child.text);
    else if (child.isHidden || child.isBoilerplate) continue;
    else if (child.name !== "li") {
      writer.endLeaf();
      renderNode(child, writer, resolver);
    } else {
      if (!node.isComposite && (!isFirst || isNested)) writer.tighten();
      const bullet = number > 0 ? `${number++}. ` : "- ";
      writer.openPrefix(bullet, " ".repeat(bullet.length));
      renderChildren(child, writer, resolver);
      writer.closePrefix();
      isFirst = false;
    }
  }
  writer.endLeaf();
  if (isMerged) writer.endMerged();
}

function renderDefinitions(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const isMerged = !node.isComposite && !writer.isInBlock;
  if (isMerged) writer.startMerged("list");
  writer.endLeaf();
  renderTerms(node, writer, resolver);
  writer.endLeaf();
  if (isMerged) writer.endMerged();
}

/** Terms become bold items, their definitions paragraphs below: CommonMark has no definition lists. */
function renderTerms(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (writer.isFull) return;
    if (child.tag === undefined) writer.write(child.text);
    else if (child.isHidden || child.isBoilerplate) continue;
    else if (child.name === "dt") {
      writer.openPrefix("- ", "  ");
      renderMarked(child, strong, writer, resolver);
      writer.closePrefix();
    } else if (child.name === "dd") {
      writer.openPrefix("  ", "  ");
      renderChildren(child, writer, resolver);
      writer.closePrefix();
    } else if (child.name === "div") renderTerms(child, writer, resolver);
    else renderNode(child, writer, resolver);
  }
}

function renderQuote(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const isMerged = !node.isComposite && !writer.isInBlock;
  if (isMerged) writer.startMerged("quote");
  writer.openPrefix("> ", "> ");
  renderChildren(node, writer, resolver);
  writer.closePrefix();
  if (isMerged) writer.endMerged();
}

function renderTable(node: HtmlNode, writer: BlockWriter, resolver: LinkResolver): void {
  const rows = tableRows(node);
  if (rows === undefined) {
    renderPlain(node, writer, resolver);
    return;
  }
  const lines: string[] = [];
  const markdown: string[] = [];
  for (const { cells, isHeader } of rows.list) {
    const texts: string[] = [];
    const marked: string[] = [];
    for (const { node: cell, span } of cells) {
      const cellWriter = new BlockWriter(rows.maxCellLength, true);
      renderChildren(cell, cellWriter, resolver);
      cellWriter.endLeaf();
      if (cellWriter.text !== "") texts.push(cellWriter.text);
      marked.push(cellWriter.markdown);
      for (let i = 1; i < span; i++) marked.push("");
    }
    while (marked.length < rows.columns) marked.push("");
    if (texts.length === 0 && marked.every((cell) => cell === "")) continue;
    if (texts.length > 0) lines.push(texts.join("\t"));
    if (markdown.length === 0) {
      if (!isHeader) markdown.push(`|${"  |".repeat(rows.columns)}`, `|${" --- |".repeat(rows.columns)}`);
      markdown.push(`| ${marked.join(" | ")} |`);
      if (isHeader) markdown.push(`|${" --- |".repeat(rows.columns)}`);
    } else markdown.push(`| ${marked.join(" | ")} |`);
  }
  if (rows.caption !== undefined) renderPlain(rows.caption, writer, resolver);
  if (lines.length > 0) writer.addTable(lines.join("\n"), markdown);
}
