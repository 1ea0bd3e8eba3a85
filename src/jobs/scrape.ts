import { readAddress } from "../agents/planner.ts";
import type { Finding } from "../agents/finding.ts";
import type { PageErrand } from "../agents/researcher.ts";
import type { RunContext } from "../context.ts";
import type { AgentRef } from "../coordination/workforce.ts";
import type { PageDocument, PageLink } from "../document.ts";
import { OptionsError, TimeoutError, messageOf } from "../errors.ts";

export const scrapeFormats = ["markdown", "text", "html", "links", "json"] as const;
export type ScrapeFormat = (typeof scrapeFormats)[number];

/** One page as scraped; a failure has `error` and what is known. */
export interface ScrapedPage {
  readonly url: string;
  readonly finalUrl: string;
  readonly status: "ok" | "failed";
  readonly httpStatus: number;
  readonly verdict: string;
  readonly tier: string;
  readonly title: string;
  /** In the format asked for; links as one a line, json as the document's fields. */
  readonly content: string;
  readonly markdown?: string;
  readonly text?: string;
  readonly html?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly url: string; readonly text: string }[];
  readonly attempts: readonly { readonly tier: string; readonly verdict: string; readonly ms: number }[];
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a scrape stands on. */
export interface ScrapeFloor {
  readonly researcher: AgentRef<PageErrand, Finding>;
}

/** Gets pages and reads them, without indexing; each is handed over as soon as it is there, in the order asked. */
export async function* scrape(
  floor: ScrapeFloor,
  urls: readonly string[],
  options: { readonly format: ScrapeFormat; readonly pageTimeoutMs: number },
  context: RunContext,
): AsyncGenerator<ScrapedPage> {
  const waiting = urls.map((url) => {
    const page = scrapeOne(floor, url, options, context);
    page.catch(() => {}); // looked at below, in order
    return page;
  });
  for (const page of waiting) yield await page;
}

async function scrapeOne(
  floor: ScrapeFloor,
  url: string,
  options: { readonly format: ScrapeFormat; readonly pageTimeoutMs: number },
  context: RunContext,
): Promise<ScrapedPage> {
  // All are asked for at once; the time of each counts from when a researcher begins with it.
  const page = { ...context, trace: `scrape/${url}` };
  try {
    return describe(url, await floor.researcher.run({ url: readAddress(url).url }, page), options.format);
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof OptionsError) return failure(url, { code: error.code, message: error.message });
    if (error instanceof TimeoutError)
      return failure(url, { code: "timeout", message: new TimeoutError(url, options.pageTimeoutMs).message });
    return failure(url, { code: "crash", message: messageOf(error) });
  }
}

function describe(url: string, finding: Finding, format: ScrapeFormat): ScrapedPage {
  switch (finding.kind) {
    case "not-modified":
      return failure(url, {
        code: "not-modified",
        message: `${url} answered 304 to an unconditional request.`,
      });
    case "deferred":
      return failure(
        url,
        { code: finding.reason ?? "rate limited", message: `${url}: ${finding.why}.` },
        {
          verdict: finding.reason === undefined ? "rate-limited" : "transport",
          attempts: finding.attempts,
        },
      );
    case "no-page":
      return failure(
        url,
        { code: finding.reason, message: finding.detail },
        { verdict: "transport", attempts: finding.attempts },
      );
    case "page": {
      const { page, value, verdict, reason, attempts } = finding;
      const known = {
        finalUrl: page.finalUrl,
        httpStatus: page.httpStatus,
        verdict: verdict.kind,
        tier: page.tier,
        attempts,
      };
      const error =
        reason === undefined ? undefined : { code: reason, message: `${url}: ${verdict.evidence}` };
      if (!value.shown)
        return failure(url, error ?? { code: "unreadable", message: verdict.evidence }, known);
      const { document, source } = value.shown;
      const shown = render(document, value.links, source, format);
      return {
        ...failure(url, error, known),
        status: error ? "failed" : "ok",
        title: document.title,
        ...shown,
        metadata: metadataOf(document, page.fetchedAt),
        links: value.links.map((link) => ({ url: link.url, text: link.text })),
      };
    }
  }
}

function failure(url: string, error: ScrapedPage["error"], known: Partial<ScrapedPage> = {}): ScrapedPage {
  return {
    url,
    finalUrl: url,
    status: "failed",
    httpStatus: 0,
    verdict: "transport",
    tier: "",
    title: "",
    content: "",
    metadata: {},
    links: [],
    attempts: [],
    ...known,
    ...(error ? { error } : {}),
  };
}

function render(
  document: PageDocument,
  links: readonly PageLink[],
  html: string,
  format: ScrapeFormat,
): { content: string; markdown?: string; text?: string; html?: string } {
  switch (format) {
    case "markdown":
      return { content: document.markdown, markdown: document.markdown };
    case "text":
      return { content: document.text, text: document.text };
    case "html":
      return { content: html, html };
    case "links":
      return { content: links.map((link) => link.url).join("\n") };
    case "json": {
      const { blocks: _, fullText: __, ...fields } = document;
      return { content: JSON.stringify(fields, null, 2), markdown: document.markdown, text: document.text };
    }
  }
}

function metadataOf(document: PageDocument, fetchedAt: number): Record<string, unknown> {
  const {
    description,
    author,
    publishedAt,
    modifiedAt,
    language,
    siteName,
    canonicalUrl,
    format,
    structured,
  } = document;
  return {
    description,
    author,
    publishedAt,
    modifiedAt,
    language,
    siteName,
    canonicalUrl,
    format,
    structured,
    fetchedAt: new Date(fetchedAt).toISOString(),
  };
}
