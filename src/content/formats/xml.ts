import { Parser } from "htmlparser2";
import type { PageLink, ReadOutcome } from "../../document.ts";
import { BlockWriter } from "../block-writer.ts";
import { decodeText } from "../charset.ts";
import { isoDate } from "../dates.ts";
import type { DocumentFormat } from "../document-format.ts";
import { textOfHtml } from "../html-text.ts";
import { LinkResolver } from "../link-resolver.ts";
import { plainDocument, titleFromUrl } from "../plain-document.ts";
import type { ReadOptions } from "../read-options.ts";
import { plainSignals } from "../signals.ts";
import { oneLine } from "../white-space.ts";

/** Elements deeper than this are read as if they were at it; the parser keeps its open elements in a list it searches. */
const maxXmlDepth = 256;

/** XML: its text nodes; RSS and Atom as an item a heading. No entity is ever expanded: htmlparser2 knows the five of XML and no others. */
export const xmlFormat: DocumentFormat = {
  name: "xml",
  read(page, options): Promise<ReadOutcome> {
    const contentType = page.headers["content-type"] ?? "";
    const decoded = decodeText(page.body, { contentType, isUtf8: page.rendered, hasMeta: true });
    const reader = new XmlReader(new LinkResolver(page.finalUrl, []), options);
    const isWhole = reader.read(decoded.text.slice(0, options.maxHtmlLength));
    const { writer } = reader;
    return Promise.resolve({
      kind: "document",
      document: plainDocument({
        title: reader.title || titleFromUrl(page.finalUrl),
        description: reader.description,
        publishedAt: isoDate(reader.date),
        text: writer.text,
        markdown: writer.markdown,
        blocks: writer.blocks,
        format: "xml",
        language: page.headers["content-language"] ?? reader.language,
      }),
      links: [...reader.links.values()],
      signals: {
        ...plainSignals(
          writer.text,
          page.headers,
          !isWhole || writer.isFull || decoded.text.length > options.maxHtmlLength,
        ),
        links: reader.links.size,
      },
    });
  },
};

const itemNames = new Set(["item", "entry"]);
const linkNames = new Set(["link", "loc", "guid", "comments"]);

class XmlReader {
  readonly writer: BlockWriter;
  readonly links = new Map<string, PageLink>();
  title = "";
  description = "";
  date = "";
  language = "";
  readonly #resolver: LinkResolver;
  readonly #options: ReadOptions;
  readonly #path: string[] = [];
  #text = "";
  #itemTitle = "";
  #nodes = 0;

  constructor(resolver: LinkResolver, options: ReadOptions) {
    this.#resolver = resolver;
    this.#options = options;
    this.writer = new BlockWriter(options.maxTextLength);
  }

  /** Gives false where a cap cut the reading short. */
  read(xml: string): boolean {
    let isWhole = true;
    const parser = new Parser(
      {
        onopentag: (name, attributes) => {
          if (
            ++this.#nodes > this.#options.maxNodes ||
            this.#path.length >= maxXmlDepth ||
            this.writer.isFull
          ) {
            isWhole = false;
            parser.pause();
            return;
          }
          this.#open(localName(name), attributes);
        },
        onclosetag: (name) => this.#close(localName(name)),
        ontext: (text) => {
          this.#text += text;
        },
      },
      { xmlMode: true },
    );
    parser.write(xml);
    if (isWhole) parser.end();
    this.#endText("");
    this.writer.endLeaf();
    return isWhole;
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    this.#endText(this.#path.at(-1) ?? "");
    this.#path.push(name);
    if (itemNames.has(name)) this.#itemTitle = "";
    if (this.#path.length <= 2) this.language ||= attributes["xml:lang"] ?? "";
    const { href, rel } = attributes;
    if (href !== undefined && (rel === undefined || rel === "alternate" || rel === "next"))
      this.#addLink(href);
  }

  #close(name: string): void {
    this.#endText(name);
    this.#path.pop();
  }

  /** Takes the text gathered in the element `name`. */
  #endText(name: string): void {
    const raw = this.#text;
    this.#text = "";
    const text = oneLine(raw);
    if (text === "") return;
    const isInItem = this.#path.some((each) => itemNames.has(each));
    if (linkNames.has(name) && /^https?:/.test(text)) this.#addLink(text);
    else if (name === "title" && isInItem) {
      this.#itemTitle = textOfHtml(text);
      this.writer.startHeading(2);
      this.writer.write(this.#itemTitle);
      this.writer.endHeading();
    } else if (name === "title" && this.title === "") this.title = textOfHtml(text);
    else if (/^(?:pubdate|published|updated|lastbuilddate|date)$/i.test(name) && isoDate(text) !== "") {
      if (!isInItem) this.date ||= text;
    } else if (name === "language") this.language ||= text;
    else {
      const plain = /<[a-z/!]/i.test(text) ? textOfHtml(raw) : text;
      if (/^(?:description|subtitle)$/.test(name) && !isInItem) this.description ||= plain;
      this.writer.write(plain);
      this.writer.endLeaf();
    }
  }

  #addLink(href: string): void {
    const url = this.#resolver.resolve(href);
    if (url === undefined || this.links.has(url) || this.links.size >= this.#options.maxLinks) return;
    this.links.set(url, { url, text: this.#itemTitle.slice(0, 200).toWellFormed(), isNofollow: false });
  }
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}
