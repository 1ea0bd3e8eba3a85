import type { PageSignals } from "../document.ts";
import type { HtmlNode } from "./html-tree.ts";
import type { LinkResolver } from "./link-resolver.ts";
import { visibleText } from "./links.ts";
import { robotsDirectives } from "./robots-directives.ts";
import type { Survey } from "./survey.ts";
import { findWalls } from "./walls.ts";
import { oneLine } from "./white-space.ts";

const maxNoscriptText = 2_000;
const maxDirectives = 1_000;
const maxRefresh = 4_000;
/** Slower refreshes reload a page for its reader, quicker ones send him on. */
const maxRefreshSeconds = 5;

/** The signals of formats that have no markup: what the text tells, and the `X-Robots-Tag` header. */
export function plainSignals(
  text: string,
  headers: Readonly<Record<string, string>>,
  isTruncated: boolean,
): PageSignals {
  return {
    textLength: text.length,
    fullTextLength: text.length,
    links: 0,
    scripts: 0,
    passwordFields: 0,
    hasEmptyAppRoot: false,
    noscriptText: "",
    wallMarks: [],
    consentMarks: [],
    refreshUrl: "",
    ...robotsDirectives([headers["x-robots-tag"] ?? ""]),
    isTruncated,
  };
}

/** The robots directives of an HTML page: its meta tags and the `X-Robots-Tag` header. */
export function pageDirectives(
  found: Survey,
  headers: Readonly<Record<string, string>>,
): { isNoindex: boolean; isNofollow: boolean } {
  const metas = found.metas.filter((meta) => meta.attribute("name")?.trim().toLowerCase() === "robots");
  return robotsDirectives([
    headers["x-robots-tag"] ?? "",
    ...metas.map((meta) => (meta.attribute("content") ?? "").slice(0, maxDirectives)),
  ]);
}

/** What markup tells the validator; lengths, links and directives are the caller's. */
export function markupSignals(
  found: Survey,
  root: HtmlNode,
  resolver: LinkResolver,
): Pick<
  PageSignals,
  | "scripts"
  | "passwordFields"
  | "hasEmptyAppRoot"
  | "noscriptText"
  | "wallMarks"
  | "consentMarks"
  | "refreshUrl"
> {
  return {
    scripts: found.scripts.length,
    passwordFields: found.passwordFields,
    hasEmptyAppRoot: found.appRoots.some((node) => node.textLength === 0 && !node.isHidden),
    noscriptText: noscriptText(found),
    ...findWalls(found, found.body ?? root),
    refreshUrl: refreshUrl(found, resolver),
  };
}

function noscriptText(found: Survey): string {
  let text = "";
  for (const node of found.noscripts) {
    if (text.length >= maxNoscriptText) break;
    text += ` ${visibleText(node, maxNoscriptText)}`;
  }
  return oneLine(text).slice(0, maxNoscriptText).toWellFormed();
}

/** @see HTML standard 4.2.5.3 "Refresh state": digits, then `;` or `,`, then `url=` with or without quotes. */
function refreshUrl(found: Survey, resolver: LinkResolver): string {
  for (const meta of found.metas) {
    if (meta.attribute("http-equiv")?.trim().toLowerCase() !== "refresh" || isInNoscript(meta)) continue;
    const parts = /^\s*(\d{1,6})(?:\.\d*)?\s*[;,\s]\s*(?:url\s*=\s*)?(?:"([^"]*)|'([^']*)|(\S.*))/i.exec(
      (meta.attribute("content") ?? "").slice(0, maxRefresh),
    );
    if (parts === null || Number(parts[1]) > maxRefreshSeconds) continue;
    const url = resolver.resolve((parts[2] ?? parts[3] ?? parts[4] ?? "").trim());
    if (url !== undefined) return url;
  }
  return "";
}

function isInNoscript(node: HtmlNode): boolean {
  for (let at = node.parent; at !== undefined; at = at.parent) if (at.name === "noscript") return true;
  return false;
}
