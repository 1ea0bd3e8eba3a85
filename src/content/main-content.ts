import type { HtmlNode } from "./html-tree.ts";
import type { Survey } from "./survey.ts";

const boilerplateName =
  /(?:^|[\s_-])(?:nav|navbar|navigation|menu|breadcrumbs?|footer|sidebar|cookies?|consent|share|sharing|social|related|recommended|newsletter|subscribe|signup|popup|modal|banner|promo|advert\w*|ads?|sponsor\w*|pagination|pager|toolbar|skip|tags?|comments?|author-bio)(?:[\s_-]|$)/i;

/** Chooses what of a page is its main content, marks the rest below it as boilerplate, and gives the element to render. */
export function chooseMainContent(root: HtmlNode, found: Survey): HtmlNode {
  const body = found.body ?? root;
  const main = mainElement(found, body) ?? body;
  markBoilerplate(main);
  return main;
}

function mainElement(found: Survey, body: HtmlNode): HtmlNode | undefined {
  let best: HtmlNode | undefined;
  for (const main of found.mains) if (best === undefined || main.textLength > best.textLength) best = main;
  if (best !== undefined && best.textLength > 200 && best.textLength > 0.1 * body.textLength) return best;
  const [only, another] = found.articles;
  if (only !== undefined && another === undefined && only.textLength > 0.2 * body.textLength) return only;
  return undefined;
}

function markBoilerplate(node: HtmlNode): void {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined || child.isHidden) continue;
    if (isBoilerplate(child)) child.isBoilerplate = true;
    else if (child.first !== undefined) markBoilerplate(child);
  }
}

function isBoilerplate(node: HtmlNode): boolean {
  switch (node.name) {
    case "nav":
    case "footer":
    case "aside":
    case "button":
      return true;
    default:
  }
  if (node.tag?.isBlock !== true) return false;
  const names = `${node.attribute("class") ?? ""} ${node.attribute("id") ?? ""}`;
  if (names.length > 1 && boilerplateName.test(names) && node.textLength < 2000) return true;
  return node.textLength > 0 && node.linkLength / node.textLength > 0.6 && node.textLength > 100;
}
