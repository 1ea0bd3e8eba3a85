import { isoDate } from "./dates.ts";
import { textOfHtml } from "./html-text.ts";
import type { HtmlNode } from "./html-tree.ts";
import { languageTag } from "./language.ts";
import type { LinkResolver } from "./link-resolver.ts";
import { visibleText } from "./links.ts";
import { type JsonObject, type StructuredData, hasType, isObject } from "./structured-data.ts";
import type { Survey } from "./survey.ts";
import { oneLine } from "./white-space.ts";

/** What a page says of itself. */
export interface Metadata {
  readonly title: string;
  readonly description: string;
  readonly author: string;
  readonly publishedAt: string;
  readonly modifiedAt: string;
  readonly language: string;
  readonly siteName: string;
  readonly canonicalUrl: string;
}

const maxTitle = 500;
const maxByline = 80;
const maxDescription = 2_000;
/** Shorter headings are labels: "FAQ", "News". */
const minHeadingTitle = 8;
/** Share of a heading's words that the title must hold too; .3 to .8 tried. */
const minShared = 0.5;
const workTypes =
  /^(?:\w*Article|BlogPosting|\w*Posting|NewsArticle|Report|Review|Recipe|HowTo|QAPage|Question|Product|WebPage|\w*Page|Course|Event|Book)$/;
const articleTypes = /^(?:\w*Article|BlogPosting|\w*Posting|Report|Review|Recipe|HowTo|Question|QAPage)$/;

/** Reads title, author, dates and the rest, each from the most trustworthy place that has it. */
export function readMetadata(
  found: Survey,
  structured: StructuredData,
  resolver: LinkResolver,
  contentLanguage: string,
): Metadata {
  const metas = metaValues(found.metas);
  const meta = (...names: string[]): string =>
    names.map((name) => metas.get(name) ?? "").find((value) => value !== "") ?? "";
  const works = structured.jsonLd.filter((object) => hasType(object, workTypes));
  const articles = works.filter((object) => hasType(object, articleTypes));
  const siteName = meta("og:site_name", "application-name");
  return {
    title: titleOf(found, articles, meta("og:title", "twitter:title"), siteName).slice(0, maxTitle),
    description: meta("description", "og:description", "twitter:description").slice(0, maxDescription),
    author: authorOf(found, [...articles, ...works], meta),
    publishedAt: publishedAt(found, [...articles, ...works], meta),
    modifiedAt:
      isoDate(
        meta("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified", "datemodified"),
      ) ||
      firstDate(works, "dateModified") ||
      itemDate(found, "dateModified"),
    language:
      languageTag(found.html?.attribute("lang") ?? found.html?.attribute("xml:lang")) ||
      languageTag(meta("content-language", "og:locale")) ||
      languageTag(contentLanguage),
    siteName,
    canonicalUrl: canonicalOf(found, resolver),
  };
}

function metaValues(metas: readonly HtmlNode[]): Map<string, string> {
  const values = new Map<string, string>();
  for (const meta of metas) {
    const content = meta.attribute("content");
    if (content === undefined || content === "") continue;
    for (const key of ["name", "property", "itemprop", "http-equiv"]) {
      const name = meta.attribute(key)?.trim().toLowerCase();
      if (name !== undefined && name !== "" && !values.has(name))
        values.set(name, oneLine(content.slice(0, 4_000)).toWellFormed());
    }
  }
  return values;
}

/**
 * The page's top heading where its title says much the same, else what it calls itself for others. Headings alone are as often a
 * slogan or the site's name, titles alone carry words for search engines.
 */
function titleOf(found: Survey, articles: readonly JsonObject[], social: string, siteName: string): string {
  const tag = oneLine((found.title?.first?.text ?? "").slice(0, maxDescription)).toWellFormed();
  const headings = found.topHeadings.map(headingText).filter((text) => text !== "");
  const known = new Set(wordsOf(`${tag} ${social}`));
  const repeated = repeatedHeading(headings, known);
  if (repeated !== undefined && plain(repeated) !== plain(siteName)) return repeated;
  const headline = articles.map((object) => stringOf(object["headline"])).find((text) => text !== "") ?? "";
  return withoutSite(social, siteName) || headline || withoutSite(tag, siteName) || (headings[0] ?? "");
}

/**
 * The heading that says what the title says. One of several must be all in the title: others are sections of the page; the
 * site's name stands above the page's own, which has more of the title or comes later.
 */
function repeatedHeading(headings: readonly string[], known: ReadonlySet<string>): string | undefined {
  const least = headings.length > 1 ? 1 : minShared;
  return headings
    .filter((text) => text.length >= minHeadingTitle && sharedWords(text, known) >= least)
    .toReversed()
    .sort((one, other) => wordsOf(other).length - wordsOf(one).length)[0];
}

function sharedWords(text: string, known: ReadonlySet<string>): number {
  const words = wordsOf(text);
  return words.length === 0 ? 0 : words.filter((word) => known.has(word)).length / words.length;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** A heading without the pilcrow that links to it. */
function headingText(node: HtmlNode): string {
  return oneLine(visibleText(node, maxTitle)).replace(/\s*[¶#§]$/u, "");
}

/** `Title | Site` less the site: only where the last part is the site's name, or short beside the rest. */
function withoutSite(title: string, siteName: string): string {
  const parts = /^(.{4,}?)\s+[|–—·»-]\s+([^|–—·»]{2,40})$/u.exec(title);
  if (parts === null) return title;
  const [, rest = "", last = ""] = parts;
  return siteName !== "" && plain(last) === plain(siteName)
    ? rest
    : rest.length >= last.length
      ? rest
      : title;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

function authorOf(found: Survey, works: readonly JsonObject[], meta: (...names: string[]) => string): string {
  for (const work of works) {
    const name = personName(work["author"] ?? work["creator"]);
    if (name !== "") return name;
  }
  const named = meta(
    "author",
    "article:author",
    "dc.creator",
    "dcterms.creator",
    "sailthru.author",
    "parsely-author",
    "byl",
  );
  if (named !== "" && !/^https?:/.test(named)) return cleanName(named);
  for (const node of found.bylines) {
    if (!isAuthorElement(node) || node.isHidden || node.textLength > maxByline) continue;
    const [name = ""] = cleanName(oneLine(visibleText(node, maxByline))).split(bylineRest);
    if (name !== "" && looksLikeName(name)) return name;
  }
  return "";
}

function isAuthorElement(node: HtmlNode): boolean {
  if (/^(?:author|creator)$/.test(node.attribute("itemprop") ?? "")) return true;
  if (/(?:^|\s)author(?:\s|$)/.test(node.attribute("rel") ?? "")) return true;
  return /(?:^|[\s_-])(?:author|byline)(?:[\s_-]{0,2}name)?(?:\s|$)/i.test(node.attribute("class") ?? "");
}

/** What follows a name in a byline: a date, a role, a count. */
const bylineRest = /\s*[|·•–—]\s*|,?\s+(?:on|updated|published|posted)\s|,?\s+\d/u;

/** A few words, and digits only in a nickname of one: bylines of forums hold ranks and dates too. */
function looksLikeName(text: string): boolean {
  const words = text.split(" ").length;
  return words <= 6 && (words === 1 || !/\d/.test(text)) && /\p{L}/u.test(text);
}

function personName(value: unknown, depth = 0): string {
  if (typeof value === "string")
    return /^https?:/.test(value) ? "" : cleanName(textOfHtml(value.slice(0, 500)));
  if (depth > 2) return "";
  if (Array.isArray(value)) {
    const names = value.slice(0, 20).map((each) => personName(each, depth + 1));
    return [...new Set(names.filter((name) => name !== ""))].join(", ");
  }
  return isObject(value) ? personName(value["name"], depth + 1) : "";
}

function cleanName(text: string): string {
  const name = text.replace(/^(?:(?:written|posted|reviewed|published|authored)\s+)?by[:\s]+/i, "").trim();
  return name.length > 200 ? "" : name;
}

function publishedAt(
  found: Survey,
  works: readonly JsonObject[],
  meta: (...names: string[]) => string,
): string {
  return (
    firstDate(works, "datePublished") ||
    isoDate(
      meta(
        "article:published_time",
        "og:article:published_time",
        "datepublished",
        "date",
        "pubdate",
        "publishdate",
        "publish-date",
        "publish_date",
        "dc.date",
        "dc.date.issued",
        "dcterms.created",
        "dcterms.date",
        "sailthru.date",
        "parsely-pub-date",
        "article.published",
        "citation_publication_date",
      ),
    ) ||
    firstDate(works, "dateCreated") ||
    itemDate(found, "datePublished") ||
    timeDate(found) ||
    classDate(found)
  );
}

function firstDate(works: readonly JsonObject[], property: string): string {
  for (const work of works) {
    const date = isoDate(stringOf(work[property]));
    if (date !== "") return date;
  }
  return "";
}

function itemDate(found: Survey, property: string): string {
  for (const node of found.bylines) {
    if (node.attribute("itemprop") !== property) continue;
    const date = isoDate(
      node.attribute("datetime") ?? node.attribute("content") ?? oneLine(visibleText(node, 80)),
    );
    if (date !== "") return date;
  }
  return "";
}

function timeDate(found: Survey): string {
  for (const node of found.times) {
    const date = isoDate(node.attribute("datetime") ?? oneLine(visibleText(node, 80)));
    if (date !== "") return date;
  }
  return "";
}

/** An element whose class says date and that holds little else. */
function classDate(found: Survey): string {
  for (const node of found.bylines) {
    if (
      node.isHidden ||
      node.textLength > maxByline ||
      !/date|publish|byline|time/i.test(node.attribute("class") ?? "")
    )
      continue;
    const date = isoDate(oneLine(visibleText(node, maxByline)));
    if (date !== "") return date;
  }
  return "";
}

function canonicalOf(found: Survey, resolver: LinkResolver): string {
  for (const tag of found.linkTags) {
    if (!/(?:^|\s)canonical(?:\s|$)/i.test(tag.attribute("rel") ?? "")) continue;
    const url = resolver.resolve(tag.attribute("href") ?? "");
    if (url !== undefined) return url;
  }
  return "";
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? textOfHtml(value.slice(0, 4_000)).toWellFormed() : "";
}
