import type { HtmlNode } from "./html-tree.ts";
import { collapse } from "./white-space.ts";

/** What one walk over a page finds: the elements that metadata, links and signals are read from, in document order. */
export class Survey {
  title: HtmlNode | undefined = undefined;
  html: HtmlNode | undefined = undefined;
  body: HtmlNode | undefined = undefined;
  readonly metas: HtmlNode[] = [];
  readonly linkTags: HtmlNode[] = [];
  readonly bases: HtmlNode[] = [];
  /** `a` and `area` with `href`, where they can be seen. */
  readonly anchors: HtmlNode[] = [];
  readonly mains: HtmlNode[] = [];
  readonly articles: HtmlNode[] = [];
  readonly topHeadings: HtmlNode[] = [];
  readonly times: HtmlNode[] = [];
  readonly forms: HtmlNode[] = [];
  readonly frames: HtmlNode[] = [];
  /** Elements with `itemprop`, or whose class or `rel` says author or date. */
  readonly bylines: HtmlNode[] = [];
  readonly appRoots: HtmlNode[] = [];
  readonly jsonLd: string[] = [];
  readonly scripts: HtmlNode[] = [];
  readonly noscripts: HtmlNode[] = [];
  passwordFields = 0;
}

const appRootIds = new Set(
  "root app __next __nuxt ___gatsby app-root react-root main-app application q-app svelte ember-app".split(
    " ",
  ),
);
const hiddenStyle = /(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*hidden)/i;
const bylineClass = /author|byline|date|time|publish/i;

/**
 * Walks the whole tree once: collapses white space, counts text, marks what is hidden, and collects what later steps read.
 * Recursion is as deep as the tree, which the parser bounds.
 */
export function survey(root: HtmlNode, options: { readonly hasScripts: boolean }): Survey {
  const found = new Survey();
  visit(root, found, false, false);
  if (!options.hasScripts) showNoscript(found, found.body ?? root);
  return found;
}

/** Pages with less visible text than this, and `noscript` elements with more, are read as a browser without scripts shows them. */
const noscriptLength = 500;

/** Forums and applications give readers without scripts, and that is what we are then, their content in `noscript`. */
function showNoscript(found: Survey, body: HtmlNode): void {
  if (body.textLength >= noscriptLength) return;
  for (const node of found.noscripts) {
    if (node.textLength < noscriptLength) continue;
    node.isHidden = false;
    visit(node, found, false, false);
    for (let at = node.parent; at !== undefined; at = at.parent) {
      at.textLength += node.textLength;
      at.linkLength += node.linkLength;
      at.isComposite ||= node.isComposite;
    }
  }
}

function visit(node: HtmlNode, found: Survey, isPre: boolean, isHidden: boolean): void {
  let textLength = 0;
  let linkLength = 0;
  let isComposite = false;
  let hasCode = node.name === "pre";
  for (let child = node.first; child !== undefined; child = child.next) {
    const { tag } = child;
    if (tag === undefined) {
      if (!isPre) child.text = collapse(child.text);
      if (child.text === " " || child.text === "") continue;
      textLength += child.text.length;
      node.hasOwnText = true;
      continue;
    }
    const hides = tag.isSilent || (child.attributes !== undefined && isHiddenElement(child));
    child.isHidden = hides;
    note(child, found, isHidden || hides);
    // The text of scripts and their like is kept as it is.
    if (child.first !== undefined)
      visit(child, found, isPre || tag.isSilent || tag.name === "pre", isHidden || hides);
    if (hides) continue;
    textLength += child.textLength;
    linkLength += tag.name === "a" ? child.textLength : child.linkLength;
    if (child.hasCode) hasCode = true;
    if (!isComposite) isComposite = child.isComposite || tag.headingLevel > 0 || compositeTags.has(tag.name);
  }
  node.textLength = textLength;
  node.linkLength = linkLength;
  node.isComposite = isComposite;
  node.hasCode = hasCode;
}

const compositeTags = new Set(["pre", "table", "dl", "blockquote", "article", "section"]);

function isHiddenElement(node: HtmlNode): boolean {
  const hidden = node.attribute("hidden");
  if (hidden !== undefined && hidden !== "until-found") return true;
  if (node.name === "dialog" && node.attribute("open") === undefined) return true;
  const style = node.attribute("style");
  return style !== undefined && hiddenStyle.test(style);
}

function note(node: HtmlNode, found: Survey, isHidden: boolean): void {
  noteByName(node, found, isHidden);
  if (node.attributes === undefined) return;
  const id = node.attribute("id");
  if (id !== undefined && appRootIds.has(id)) found.appRoots.push(node);
  if (node.attribute("role") === "main" && node.name !== "main" && !isHidden) found.mains.push(node);
  if (node.attribute("itemprop") !== undefined || node.attribute("rel") === "author")
    found.bylines.push(node);
  else {
    const className = node.attribute("class");
    if (className !== undefined && bylineClass.test(className)) found.bylines.push(node);
  }
}

function noteByName(node: HtmlNode, found: Survey, isHidden: boolean): void {
  switch (node.name) {
    case "a":
    case "area":
      if (!isHidden && node.attribute("href") !== undefined) found.anchors.push(node);
      break;
    case "meta":
      found.metas.push(node);
      break;
    case "link":
      found.linkTags.push(node);
      break;
    case "base":
      found.bases.push(node);
      break;
    case "script":
      if (node.attribute("type")?.trim().toLowerCase() !== "application/ld+json") found.scripts.push(node);
      else if (node.first !== undefined) found.jsonLd.push(node.first.text);
      break;
    case "noscript":
      found.noscripts.push(node);
      break;
    case "title":
      if (!isInSvg(node)) found.title ??= node;
      break;
    case "html":
      found.html ??= node;
      break;
    case "body":
      found.body ??= node;
      break;
    case "h1":
      if (!isHidden) found.topHeadings.push(node);
      break;
    case "time":
      found.times.push(node);
      break;
    case "main":
      if (!isHidden) found.mains.push(node);
      break;
    case "article":
      if (!isHidden) found.articles.push(node);
      break;
    case "form":
      if (!isHidden) found.forms.push(node);
      break;
    case "iframe":
      found.frames.push(node);
      break;
    case "app-root":
      found.appRoots.push(node);
      break;
    case "input":
      if (!isHidden && node.attribute("type")?.toLowerCase() === "password") found.passwordFields++;
      break;
    default:
      break;
  }
}

function isInSvg(node: HtmlNode): boolean {
  return node.parent?.name === "svg";
}
