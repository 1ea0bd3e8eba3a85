import type { Block, PageDocument } from "../document.ts";
import { languageTag } from "./language.ts";

/** A document of a format that carries little beside its text. */
export function plainDocument(parts: {
  readonly title: string;
  readonly text: string;
  readonly markdown: string;
  readonly blocks: readonly Block[];
  readonly format: string;
  readonly language?: string | undefined;
  readonly author?: string;
  readonly description?: string;
  readonly publishedAt?: string;
  readonly modifiedAt?: string;
}): PageDocument {
  return {
    title: parts.title,
    description: parts.description ?? "",
    author: parts.author ?? "",
    publishedAt: parts.publishedAt ?? "",
    modifiedAt: parts.modifiedAt ?? "",
    language: languageTag(parts.language),
    siteName: "",
    canonicalUrl: "",
    markdown: parts.markdown,
    text: parts.text,
    fullText: "",
    blocks: parts.blocks,
    structured: {},
    format: parts.format,
  };
}

/** A title where the document has none: the last part of its URL's path, readable. */
export function titleFromUrl(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "";
  const last = parsed.pathname.split("/").findLast((part) => part !== "") ?? "";
  try {
    return last === "" ? parsed.hostname : decodeURIComponent(last);
  } catch {
    return last; // Not percent-encoded UTF-8; as it stands, then.
  }
}
