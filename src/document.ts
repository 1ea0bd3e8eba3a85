// The nouns that browser, content, rag and coordination share. No code beside them.

/** Why a URL gave no document: one closed set, shown in counts, exports and the final report. */
export const failureReasons = [
  "timeout",
  "too large",
  "redirect loop",
  "network",
  "dns",
  "tls",
  "private address",
  "robots",
  "unsupported type",
  "blocked",
  "soft 404",
  "login",
  "consent",
  "empty",
  "needs browser",
  "rate limited",
  "noindex",
  "duplicate",
  "out of scope",
  "unreadable",
  "crash",
] as const;

/** A reason class; HTTP errors carry their status, as in `http 404`. */
export type FailureReason = (typeof failureReasons)[number] | `http ${number}`;

/** What a fetched page turned out to be. Only `ok` is stored and indexed. */
export type VerdictKind =
  | "ok"
  | "shell"
  | "blocked"
  | "soft-404"
  | "login"
  | "consent"
  | "empty"
  | "rate-limited"
  | "http-error"
  | "unsupported"
  | "too-large"
  | "transport";

/** A judgement and the evidence it stands on, in one sentence. */
export interface Verdict {
  readonly kind: VerdictKind;
  readonly evidence: string;
  /** True when the HTTP status alone says so; the URL's reason is then that status. */
  readonly isByStatus?: boolean;
  /** True when no better browser would see more. */
  readonly isFinal?: boolean;
}

/** One answer from the web, as bytes: any HTTP status, after redirects. */
export interface FetchedPage {
  readonly requestedUrl: string;
  /** Where the redirects ended. */
  readonly finalUrl: string;
  readonly httpStatus: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. A browser tier gives the rendered HTML in UTF-8. */
  readonly body: Uint8Array;
  /** Bytes on the wire, before decompression. */
  readonly wireBytes: number;
  /** The tier that fetched it. */
  readonly tier: string;
  /** True when scripts have run, so the body is UTF-8 whatever its meta tags say. */
  readonly rendered: boolean;
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
}

/** A link as found, absolute and http(s) only, without its fragment. */
export interface PageLink {
  readonly url: string;
  readonly text: string;
  /** `rel=nofollow`, `ugc` or `sponsored`, or the page says nofollow. */
  readonly isNofollow: boolean;
}

export type BlockKind = "heading" | "paragraph" | "list" | "table" | "code" | "quote";

/** A run of {@link PageDocument.text}: half-open, in order, not overlapping. Separators lie between blocks. */
export interface Block {
  readonly kind: BlockKind;
  readonly start: number;
  readonly end: number;
  /** 1 to 6 on headings, else 0. */
  readonly level: number;
}

/** A page as it is read, kept and exported. */
export interface PageDocument {
  readonly title: string;
  readonly description: string;
  readonly author: string;
  /** ISO 8601 date or date-time, or "". */
  readonly publishedAt: string;
  readonly modifiedAt: string;
  /** BCP 47, or "". */
  readonly language: string;
  readonly siteName: string;
  /** Absolute, or "". */
  readonly canonicalUrl: string;
  /** The main content, faithful: headings, lists, tables, code, absolute links. */
  readonly markdown: string;
  /** The main content as plain text; every offset in Forager counts UTF-16 units of this string. */
  readonly text: string;
  /** The whole page's text where the main content leaves much of it out, else "". */
  readonly fullText: string;
  readonly blocks: readonly Block[];
  /** JSON-LD objects and OpenGraph properties as the page gives them, bounded. */
  readonly structured: Readonly<Record<string, unknown>>;
  /** The format it was read from: html, text, json, xml, pdf. */
  readonly format: string;
}

/** What the validator judges a page by; counted while reading, so that nothing is parsed twice. */
export interface PageSignals {
  /** Length of the main text and of all visible text, in UTF-16 units. */
  readonly textLength: number;
  readonly fullTextLength: number;
  readonly links: number;
  readonly scripts: number;
  readonly passwordFields: number;
  /** An element that applications mount into (`#root`, `#app`, `#__next`, ...) and that holds no text. */
  readonly hasEmptyAppRoot: boolean;
  /** `<noscript>` text, bounded. */
  readonly noscriptText: string;
  /** Marks of bot walls, by vendor, that were found. */
  readonly wallMarks: readonly string[];
  /** Marks of consent walls that were found. */
  readonly consentMarks: readonly string[];
  /** Target of a `<meta http-equiv=refresh>` with at most 5 s delay, absolute, or "". */
  readonly refreshUrl: string;
  readonly isNoindex: boolean;
  readonly isNofollow: boolean;
  /** A cap on nodes, depth or length cut the page. */
  readonly isTruncated: boolean;
}

/** What came of reading a fetched page. */
export type ReadOutcome =
  | {
      readonly kind: "document";
      readonly document: PageDocument;
      readonly links: readonly PageLink[];
      readonly signals: PageSignals;
    }
  | { readonly kind: "unsupported"; readonly contentType: string }
  | { readonly kind: "unreadable"; readonly detail: string };
