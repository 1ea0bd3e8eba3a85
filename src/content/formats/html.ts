import type { ReadOutcome } from "../../document.ts";
import { decodeText } from "../charset.ts";
import type { DocumentFormat } from "../document-format.ts";
import { fullText } from "../full-text.ts";
import { parseHtml } from "../html-tree.ts";
import { LinkResolver } from "../link-resolver.ts";
import { collectLinks } from "../links.ts";
import { chooseMainContent } from "../main-content.ts";
import { readMetadata } from "../metadata.ts";
import { render } from "../render.ts";
import { markupSignals, pageDirectives } from "../signals.ts";
import { readStructured } from "../structured-data.ts";
import { survey } from "../survey.ts";

/** The whole text is kept too where it is longer than the main text by this much: then something of worth may be left out. */
const fullTextShare = 1.25;
const fullTextExtra = 200;

/** HTML: one parse, one survey of the tree, then each part of the document from what the survey found. */
export const htmlFormat: DocumentFormat = {
  name: "html",
  read(page, options): Promise<ReadOutcome> {
    const contentType = page.headers["content-type"] ?? "";
    const decoded = decodeText(page.body, { contentType, isUtf8: page.rendered, hasMeta: true });
    const html = decoded.text.slice(0, options.maxHtmlLength);
    const tree = parseHtml(html, options);
    const found = survey(tree.root, { hasScripts: page.rendered });
    const bases = found.bases.map((base) => base.attribute("href")).filter((href) => href !== undefined);
    const resolver = new LinkResolver(page.finalUrl, bases);
    const directives = pageDirectives(found, page.headers);
    const structured = readStructured(found, options);
    const metadata = readMetadata(found, structured, resolver, page.headers["content-language"] ?? "");
    const { links, isTruncated } = collectLinks(found, resolver, {
      maxLinks: options.maxLinks,
      isPageNofollow: directives.isNofollow,
    });
    const main = chooseMainContent(tree.root, found, structured, page.finalUrl);
    const content = render(main, resolver, options.maxTextLength);
    const everything = found.body ?? tree.root;
    const leavesMuchOut = everything.textLength > content.text.length * fullTextShare + fullTextExtra;
    const whole = leavesMuchOut ? fullText(everything, options.maxTextLength) : "";
    return Promise.resolve({
      kind: "document",
      document: {
        ...metadata,
        markdown: content.markdown,
        text: content.text,
        fullText: whole,
        blocks: content.blocks,
        structured: { jsonLd: structured.jsonLd, openGraph: structured.openGraph },
        format: "html",
      },
      links,
      signals: {
        ...markupSignals(found, tree.root, resolver),
        ...directives,
        textLength: content.text.length,
        fullTextLength: Math.max(content.text.length, whole.length),
        links: links.length,
        isTruncated:
          tree.isTruncated ||
          content.isTruncated ||
          isTruncated ||
          decoded.text.length > options.maxHtmlLength,
      },
    });
  },
};
