import type { HtmlNode } from "./html-tree.ts";
import { type StructuredData, hasType } from "./structured-data.ts";
import type { Survey } from "./survey.ts";

/** What a page is, as far as it changes which of its parts are content: comments on an article are not, in a forum they are. */
export interface PageKind {
  readonly isForum: boolean;
  readonly isProduct: boolean;
  /** Mostly links: lists of links are then what it is about. */
  readonly isListing: boolean;
}

const forumAddress =
  /^https?:\/\/(?:forums?|community|discuss|discussion|boards?|talk|answers)\.|\/(?:forums?|threads?|topics?|t|d|questions|discussions?|comments|boards?|viewtopic|showthread)(?:[/.?]|$)/i;
const forumSoftware =
  /discourse|phpbb|xenforo|vbulletin|invision|flarum|mybb|simple machines|nodebb|vanilla|lemmy/i;
/** Share of link text above which a page is a list of links; of .2 to .5 tried, .4 and .5 did best. */
const listingShare = 0.4;
/** Comments that make up more of a page than this, beside little other text, are what it is for. */
const discussionShare = 0.6;
const maxLeadText = 3_000;

/** Tells forums, products and listings from the rest: by structured data, address, software and the share of links. */
export function pageKind(
  scope: HtmlNode,
  found: Survey,
  structured: StructuredData,
  page: { readonly url: string; readonly commentLength: number },
): PageKind {
  const ogType = structured.openGraph["og:type"]?.toLowerCase() ?? "";
  const is = (types: RegExp): boolean => structured.jsonLd.some((object) => hasType(object, types));
  const isArticle = ogType === "article" || is(/^(?:\w*Article|BlogPosting|Report)$/);
  const isDiscussion =
    page.commentLength > discussionShare * scope.textLength &&
    !isArticle &&
    scope.textLength - page.commentLength < maxLeadText;
  return {
    isForum:
      isDiscussion ||
      forumAddress.test(page.url) ||
      isForumSoftware(found) ||
      is(/^(?:DiscussionForumPosting|QAPage)$/),
    isProduct:
      (is(/^Product(?:Group)?$/) && !is(/^(?:CollectionPage|ItemList|OfferCatalog)$/)) ||
      (ogType.includes("product") && !/group|collection/.test(ogType)),
    isListing: scope.linkLength > listingShare * scope.textLength,
  };
}

function isForumSoftware(found: Survey): boolean {
  return found.metas.some(
    (meta) => meta.attribute("name") === "generator" && forumSoftware.test(meta.attribute("content") ?? ""),
  );
}
