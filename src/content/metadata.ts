import { isoDate } from "./dates.ts";
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
const maxDescription = 2_000;
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

function titleOf(found: Survey, articles: readonly JsonObject[], social: string, siteName: string): string {
  const heading =
    found.topHeadings.map((node) => oneLine(visibleText(node, maxTitle))).find((text) => text !== "") ?? "";
  const tag = found.title?.first === undefined ? "" : oneLine(found.title.first.text);
  const headline = articles.map((object) => stringOf(object["headline"])).find((text) => text !== "") ?? "";
  return withoutSite(social, siteName) || headline || withoutSite(tag, siteName) || heading;
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
    const isAuthor =
      /^(?:author|creator)$/.test(node.attribute("itemprop") ?? "") ||
      /(?:^|[\s_-])(?:author|byline)(?:[\s_-]?name)?(?:\s|$)/i.test(node.attribute("class") ?? "");
    if (!isAuthor || node.isHidden || node.textLength > 100) continue;
    const name = cleanName(oneLine(visibleText(node, 120)));
    if (name !== "") return name;
  }
  return "";
}

function personName(value: unknown, depth = 0): string {
  if (typeof value === "string") return /^https?:/.test(value) ? "" : cleanName(oneLine(value));
  if (depth > 2) return "";
  if (Array.isArray(value)) {
    const names = value.slice(0, 20).map((each) => personName(each, depth + 1));
    return [...new Set(names.filter((name) => name !== ""))].join(", ");
  }
  return isObject(value) ? personName(value["name"], depth + 1) : "";
}

function cleanName(text: string): string {
  const name = text.replace(/^(?:(?:written|posted|reviewed|published)\s+)?by[:\s]+/i, "").trim();
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
    timeDate(found)
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

function canonicalOf(found: Survey, resolver: LinkResolver): string {
  for (const tag of found.linkTags) {
    if (!/(?:^|\s)canonical(?:\s|$)/i.test(tag.attribute("rel") ?? "")) continue;
    const url = resolver.resolve(tag.attribute("href") ?? "");
    if (url !== undefined) return url;
  }
  return "";
}

function stringOf(value: unknown): string {
  return typeof value === "string" ? oneLine(value.slice(0, 4_000)).toWellFormed() : "";
}
