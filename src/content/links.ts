import type { PageLink } from "../document.ts";
import type { HtmlNode } from "./html-tree.ts";
import type { LinkResolver } from "./link-resolver.ts";
import type { Survey } from "./survey.ts";
import { oneLine } from "./white-space.ts";

/** Anchor texts are for choosing among links; what is longer is a card, and its start tells enough. */
const maxAnchorText = 200;
const nofollowRel = /(?:^|\s)(?:nofollow|ugc|sponsored)(?:\s|$)/i;
const nextRel = /(?:^|\s)next(?:\s|$)/i;

/** Every http(s) link that can be seen, each URL once with its first text; at most `maxLinks`. */
export function collectLinks(
  found: Survey,
  resolver: LinkResolver,
  options: { readonly maxLinks: number; readonly isPageNofollow: boolean },
): { readonly links: PageLink[]; readonly isTruncated: boolean } {
  const seen = new Map<string, { url: string; text: string; isNofollow: boolean }>();
  const add = (href: string | undefined, rel: string, textOf: () => string): boolean => {
    const url = href === undefined ? undefined : resolver.resolve(href);
    if (url === undefined) return true;
    const known = seen.get(url);
    if (known !== undefined) {
      if (known.text === "") known.text = textOf();
      return true;
    }
    if (seen.size >= options.maxLinks) return false;
    seen.set(url, { url, text: textOf(), isNofollow: options.isPageNofollow || nofollowRel.test(rel) });
    return true;
  };
  let isTruncated = false;
  for (const anchor of found.anchors) {
    if (add(anchor.attribute("href"), anchor.attribute("rel") ?? "", () => anchorText(anchor))) continue;
    isTruncated = true;
    break;
  }
  for (const tag of found.linkTags) {
    const rel = tag.attribute("rel") ?? "";
    if (nextRel.test(rel)) add(tag.attribute("href"), rel, () => "");
  }
  return { links: [...seen.values()], isTruncated };
}

function anchorText(anchor: HtmlNode): string {
  if (anchor.name === "area") return oneLine(anchor.attribute("alt") ?? "").slice(0, maxAnchorText);
  const text = oneLine(visibleText(anchor, maxAnchorText));
  const shown = text !== "" ? text : oneLine(anchor.attribute("aria-label") ?? imageAlt(anchor));
  return shown.slice(0, maxAnchorText).toWellFormed();
}

/** What can be seen of an element's text, as one run; about `limit` long at most. */
export function visibleText(node: HtmlNode, limit: number): string {
  let text = "";
  for (let child = node.first; child !== undefined && text.length < limit; child = child.next) {
    if (child.tag === undefined) text += child.text;
    else if (child.isHidden) continue;
    else if (child.tag.isBlock || child.name === "br") text += ` ${visibleText(child, limit - text.length)} `;
    else text += visibleText(child, limit - text.length);
  }
  return text;
}

function imageAlt(node: HtmlNode): string {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.name === "img") return child.attribute("alt") ?? "";
    const within = imageAlt(child);
    if (within !== "") return within;
  }
  return "";
}
