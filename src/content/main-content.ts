import { ElementNames, purposes } from "./element-names.ts";
import type { HtmlNode } from "./html-tree.ts";
import { visibleText } from "./links.ts";
import { type PageKind, pageKind } from "./page-kind.ts";
import type { StructuredData } from "./structured-data.ts";
import type { Survey } from "./survey.ts";

// All shares and lengths below were tried at several values on two thirds of the labelled pages by host (bench/read.ts);
// the third kept aside moved with them.

/** A `main` with less text than this, or less of the page than this share, holds a shell and not the content. */
const minMainLength = 200;
const minMainShare = 0.1;
const minArticleShare = 0.2;
/** An element with this share of the text is content whatever it is called. */
const maxFurnitureShare = 0.4;
const maxCommentsShare = 0.5;
const maxFormShare = 0.3;
/** Lists of links: at least this much text, this share of it in links, and links shorter than this on average. */
const menu = { minLength: 30, minLinkShare: 0.8, maxMeanLink: 40 };
/** When this little is left of a page with ten times the text, the rules were wrong about it. */
const minKept = 200;
const minKeptShare = 0.1;

const furnitureTags = new Set("nav footer button aside label fieldset".split(" "));
const afterContent =
  /^(?:related|similar|you (?:may|might) also|recommended|customers also|more from|recently viewed|read next|read more|keep reading|more (?:stories|articles|posts|like)|latest|trending|share|comments?|leave a (?:reply|comment)|about the author|you'll (?:also )?love|complete the look|frequently bought|pairs well|popular)/i;

/**
 * Chooses what of a page is its main content, marks the rest below it as boilerplate, and gives the element to render.
 * A `main`, else the only article, else the body; less what its name, its links or its heading show to be around the content.
 */
export function chooseMainContent(
  root: HtmlNode,
  found: Survey,
  structured: StructuredData,
  url: string,
): HtmlNode {
  const body = found.body ?? root;
  const scope = mainElement(found, body) ?? body;
  const names = new ElementNames();
  const kind = pageKind(scope, found, structured, { url, commentLength: commentLength(scope, names) });
  const dropped = markBoilerplate(scope, { scope, names, kind });
  const kept = scope.textLength - dropped;
  if (kept >= minKept || kept >= minKeptShare * body.textLength) return scope;
  clearMarks(body);
  markTags(body);
  return body;
}

interface Marking {
  readonly scope: HtmlNode;
  readonly names: ElementNames;
  readonly kind: PageKind;
}

function mainElement(found: Survey, body: HtmlNode): HtmlNode | undefined {
  let best: HtmlNode | undefined;
  for (const main of found.mains) if (best === undefined || main.textLength > best.textLength) best = main;
  if (
    best !== undefined &&
    best.textLength > minMainLength &&
    best.textLength > minMainShare * body.textLength
  )
    return best;
  const [only, another] = found.articles;
  if (only !== undefined && another === undefined && only.textLength > minArticleShare * body.textLength)
    return only;
  return undefined;
}

/** Gives the length of the text that was marked. */
function markBoilerplate(node: HtmlNode, marking: Marking): number {
  let dropped = 0;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined || child.isHidden) continue;
    if (isBoilerplate(child, marking)) {
      child.isBoilerplate = true;
      dropped += child.textLength;
    } else if (child.first !== undefined) dropped += markBoilerplate(child, marking);
  }
  return dropped;
}

function isBoilerplate(node: HtmlNode, { scope, names, kind }: Marking): boolean {
  if (furnitureTags.has(node.name)) return true;
  if (node.textLength === 0 || isInSentence(node)) return false;
  if (node.name === "time") return true;
  const share = node.textLength / scope.textLength;
  if (share >= maxCommentsShare) return false;
  if (node.name === "form" && share < maxFormShare && hasField(node)) return true;
  const purpose = names.purposeOf(node);
  if ((purpose & purposes.comments) !== 0 && !kind.isForum) return true;
  if ((purpose & purposes.reviews) !== 0 && kind.isProduct) return true;
  if (share >= maxFurnitureShare) return false;
  // Code is content whatever stands around it: highlighters put toolbars and copy buttons there.
  if (node.hasCode) return false;
  if ((purpose & purposes.furniture) !== 0) return true;
  if ((purpose & purposes.shop) !== 0 && kind.isProduct) return true;
  return !kind.isListing && node.tag?.isBlock === true && (isMenu(node) || isAfterContent(node));
}

/** A word in a sentence stays, whatever it is marked as: quotes are to be found in the page as they are. */
function isInSentence(node: HtmlNode): boolean {
  return node.tag?.isBlock === false && node.parent?.hasOwnText === true;
}

/** Whether people fill something in here. Forums wrap posts in forms that have no fields. */
function hasField(node: HtmlNode): boolean {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined) continue;
    if (child.name === "textarea" || child.name === "select") return true;
    if (child.name === "input" && !/^(?:hidden|submit|button|image)$/i.test(child.attribute("type") ?? ""))
      return true;
    if (hasField(child)) return true;
  }
  return false;
}

function isMenu(node: HtmlNode): boolean {
  if (node.textLength < menu.minLength || node.linkLength < menu.minLinkShare * node.textLength) return false;
  const links = countLinks(node);
  return links > 2 && node.linkLength / links < menu.maxMeanLink;
}

function countLinks(node: HtmlNode): number {
  let count = 0;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined || child.isHidden) continue;
    if (child.name === "a") count += child.textLength > 0 ? 1 : 0;
    else if (child.linkLength > 0) count += countLinks(child);
  }
  return count;
}

/** Whether it opens with a heading that says that what follows is not the page's own: "Related", "You may also like". */
function isAfterContent(node: HtmlNode): boolean {
  if (node.name !== "section" && node.name !== "div" && node.name !== "ul") return false;
  let at = node.first;
  for (let depth = 0; at !== undefined && depth < 6;) {
    if (at.tag === undefined) {
      if (at.text.trim() !== "") return false;
      at = at.next;
    } else if (at.isHidden || at.textLength === 0) at = at.next;
    else if (at.tag.headingLevel > 0) return afterContent.test(visibleText(at, 100).trim());
    else {
      at = at.first;
      depth++;
    }
  }
  return false;
}

function commentLength(node: HtmlNode, names: ElementNames): number {
  let length = 0;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined || child.isHidden || child.textLength === 0) continue;
    if ((names.purposeOf(child) & purposes.comments) !== 0) length += child.textLength;
    else length += commentLength(child, names);
  }
  return length;
}

function clearMarks(node: HtmlNode): void {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined) continue;
    child.isBoilerplate = false;
    clearMarks(child);
  }
}

function markTags(node: HtmlNode): void {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined || child.isHidden) continue;
    if (child.name === "nav" || child.name === "footer") child.isBoilerplate = true;
    else markTags(child);
  }
}
