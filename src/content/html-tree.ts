import { Tokenizer, type TokenizerCallbacks } from "htmlparser2";
import { type TagInfo, scopes, tagInfo } from "./html-tags.ts";

/** An element, or a run of text where `tag` is undefined. Children are a linked list: cheap to build, no arrays to grow. */
export class HtmlNode {
  readonly tag: TagInfo | undefined;
  /** Of a text run; white space is collapsed by the survey, except in `pre`. */
  text: string;
  /** Name, value, name, value...; only names in {@link keptAttributes}. */
  attributes: string[] | undefined = undefined;
  parent: HtmlNode | undefined = undefined;
  first: HtmlNode | undefined = undefined;
  last: HtmlNode | undefined = undefined;
  next: HtmlNode | undefined = undefined;
  /** Visible text within, in UTF-16 units, and the part of it that is link text. Counted by the survey. */
  textLength = 0;
  linkLength = 0;
  /** Headings, tables, code or lists within, so that it cannot be one block. Told by the survey. */
  isComposite = false;
  /** Text directly within, not only in elements: what else is inline here is part of a sentence. Told by the survey. */
  hasOwnText = false;
  /** Code within, in a `pre`. Told by the survey. */
  hasCode = false;
  /** Never shown: scripts, `hidden`, `display:none`. Told by the survey. */
  isHidden = false;
  /** Shown, but not part of the main content. Told by the choice of main content. */
  isBoilerplate = false;

  constructor(tag: TagInfo | undefined, text: string) {
    this.tag = tag;
    this.text = text;
  }

  get name(): string {
    return this.tag === undefined ? "" : this.tag.name;
  }

  /** The attribute's value, or undefined where it is not set. */
  attribute(name: string): string | undefined {
    const list = this.attributes;
    if (list === undefined) return undefined;
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1];
    return undefined;
  }

  append(child: HtmlNode): void {
    child.parent = this;
    if (this.last === undefined) this.first = child;
    else this.last.next = child;
    this.last = child;
  }
}

/** The attributes that reading needs. All others are dropped unread, so a flood of them costs nothing. */
const keptAttributes = new Map(
  (
    "action align alt aria-hidden aria-label charset class content data-lang data-language data-reactroot data-src datetime " +
    "hidden href hreflang http-equiv id itemprop itemscope itemtype lang name open property rel role src start style " +
    "type value xml:lang colspan"
  )
    .split(" ")
    .map((name) => [name, name]),
);

/** Cells directly in these open a row. */
const rowParents = new Set(["table", "tbody", "thead", "tfoot"]);
const allowedInHead = new Set(
  "meta link base basefont bgsound script style title noscript template noframes".split(" "),
);

/** What parsing may use up; see `ReadOptions` for what each means. */
export interface TreeLimits {
  readonly maxNodes: number;
  readonly maxDepth: number;
}

export interface HtmlTree {
  readonly root: HtmlNode;
  /** True when nodes beyond `maxNodes` were left out, or elements deeper than `maxDepth` were moved up. */
  readonly isTruncated: boolean;
}

/**
 * Parses HTML into a lean tree, in time linear in its length whatever it holds.
 * The tokens are htmlparser2's; the tree is built here because its parser keeps the open elements in an array that it
 * shifts, which is quadratic in the depth, and because most attributes are not worth keeping (2.1 against 3.6 ms a page).
 * @see HTML standard, 13.2.6 "Tree construction", of which the implied end tags and scopes are followed.
 */
export function parseHtml(html: string, limits: TreeLimits): HtmlTree {
  const builder = new TreeBuilder(html, limits);
  builder.build();
  return { root: builder.root, isTruncated: builder.isTruncated };
}

// It owns its tokenizer: with a closure between the two, `stop = () => tokenizer.pause()`, V8 kept every page's tree through
// two scavenges into its old space (.9 MB a page moved twice, against .03; a third of all garbage collection).
class TreeBuilder implements TokenizerCallbacks {
  readonly root = new HtmlNode(tagInfo("#root"), "");
  isTruncated = false;
  readonly #tokenizer = new Tokenizer({}, this);
  readonly #html: string;
  readonly #limits: TreeLimits;
  readonly #stack: HtmlNode[] = [this.root];
  #top: HtmlNode = this.root;
  #tokens = 0;
  #tag: TagInfo | undefined = undefined;
  #attributes: string[] | undefined = undefined;
  #attributeName: string | undefined = undefined;
  #attributeValue = "";
  #svgDepth = 0;

  constructor(html: string, limits: TreeLimits) {
    this.#html = html;
    this.#limits = limits;
  }

  build(): void {
    this.#tokenizer.write(this.#html);
    if (this.#tokenizer.running) this.#tokenizer.end();
  }

  ontext(start: number, end: number): void {
    this.#addText(this.#html.slice(start, end));
  }

  ontextentity(codePoint: number): void {
    this.#addText(String.fromCodePoint(codePoint));
  }

  oncdata(start: number, end: number, offset: number): void {
    if (this.isInForeignContext()) this.#addText(this.#html.slice(start, end - offset));
  }

  onopentagname(start: number, end: number): void {
    this.#tag = tagInfo(this.#html.slice(start, end));
    this.#attributes = undefined;
  }

  onattribname(start: number, end: number): void {
    const name = this.#html.slice(start, end);
    const kept = keptAttributes.get(name) ?? keptAttributes.get(name.toLowerCase());
    this.#attributeName = kept === undefined || this.#isRepeated(kept) ? undefined : kept;
    this.#attributeValue = "";
  }

  /** The first of two attributes of one name counts. */
  #isRepeated(name: string): boolean {
    const list = this.#attributes;
    if (list === undefined) return false;
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) return true;
    return false;
  }

  onattribdata(start: number, end: number): void {
    if (this.#attributeName !== undefined) this.#attributeValue += this.#html.slice(start, end);
  }

  onattribentity(codePoint: number): void {
    if (this.#attributeName !== undefined) this.#attributeValue += String.fromCodePoint(codePoint);
  }

  onattribend(): void {
    if (this.#attributeName === undefined) return;
    this.#attributes ??= [];
    this.#attributes.push(this.#attributeName, this.#attributeValue);
  }

  onopentagend(): void {
    this.#open(false);
  }

  onselfclosingtag(): void {
    this.#open(true);
  }

  onclosetag(start: number, end: number): void {
    const { name, isVoid } = tagInfo(this.#html.slice(start, end));
    if (this.#svgDepth > 0) {
      if (name === "svg" && --this.#svgDepth === 0) this.#pop();
      return;
    }
    if (isVoid) {
      if (name === "br") this.#add(new HtmlNode(tagInfo("br"), ""));
      return;
    }
    if (this.#top.name === name) this.#pop();
    else this.#closeInScope(name);
  }

  isInForeignContext(): boolean {
    return this.#svgDepth > 0 || this.#top.name === "math";
  }

  oncomment(): void {}
  ondeclaration(): void {}
  onprocessinginstruction(): void {}
  onend(): void {}

  #open(isSelfClosing: boolean): void {
    const tag = this.#tag;
    if (tag === undefined) return;
    this.#tag = undefined;
    if (this.#svgDepth > 0) {
      if (tag.name === "svg" && !isSelfClosing) this.#svgDepth++;
      // A block of HTML within SVG ends it, as in browsers; its own elements carry no text and are not kept.
      if (!tag.isBlock || !tag.isHtml || tag.name === "title") return;
      this.#svgDepth = 0;
      this.#pop();
    }
    if (tag.ends.size > 0) this.#endImplied(tag);
    if (this.#top.name === "head" && !allowedInHead.has(tag.name)) this.#pop();
    if ((tag.name === "td" || tag.name === "th") && rowParents.has(this.#top.name))
      this.#push(new HtmlNode(tagInfo("tr"), ""));
    const node = new HtmlNode(tag, "");
    node.attributes = this.#attributes;
    if (tag.isVoid || (isSelfClosing && (tag.name === "svg" || this.#top.name === "math"))) this.#add(node);
    else this.#push(node);
    if (this.#top === node && tag.name === "svg") this.#svgDepth = 1;
  }

  #push(node: HtmlNode): void {
    if (this.#stack.length > this.#limits.maxDepth) {
      // As Blink does at depth 512: what is deeper becomes a sibling.
      this.isTruncated = true;
      this.#pop();
    }
    if (!this.#add(node)) return;
    this.#stack.push(node);
    this.#top = node;
  }

  #endImplied(tag: TagInfo): void {
    for (let i = this.#stack.length - 1; i > 0; i--) {
      const open = this.#stack[i]?.tag;
      if (open === undefined) return;
      if (tag.ends.has(open.name)) {
        this.#popTo(i);
        return;
      }
      if (tag.barrier === "block" ? open.isBlock : tag.barrier.has(open.name)) {
        // A heading in a heading ends it: nobody nests them on purpose.
        if (tag.headingLevel > 0 && open.headingLevel > 0) this.#popTo(i);
        return;
      }
    }
  }

  #closeInScope(name: string): void {
    this.#countToken();
    const barrier =
      scopes.tableParts.has(name) || name === "table" ? scopes.tableBarrier : scopes.cellBarrier;
    const isInline = !tagInfo(name).isBlock && name !== "a";
    for (let i = this.#stack.length - 1; i > 0; i--) {
      const open = this.#stack[i]?.tag;
      if (open === undefined) return;
      if (open.name === name) {
        this.#popTo(i);
        return;
      }
      if (barrier.has(open.name) || (isInline && open.isBlock)) break;
    }
    // The end of a paragraph that never began is an empty one.
    if (name === "p") this.#add(new HtmlNode(tagInfo("p"), ""));
  }

  #addText(data: string): void {
    if (this.#svgDepth > 0) return;
    if (this.#top.name === "head" && data.trim() !== "") this.#pop();
    const last = this.#top.last;
    if (last !== undefined && last.tag === undefined) last.text += data;
    else this.#add(new HtmlNode(undefined, data));
  }

  #add(node: HtmlNode): boolean {
    if (!this.#countToken()) return false;
    this.#top.append(node);
    return true;
  }

  #countToken(): boolean {
    if (++this.#tokens <= this.#limits.maxNodes) return true;
    this.isTruncated = true;
    this.#tokenizer.pause();
    return false;
  }

  #pop(): void {
    this.#popTo(this.#stack.length - 1);
  }

  #popTo(length: number): void {
    if (length < 1) return;
    this.#stack.length = length;
    this.#top = this.#stack[length - 1] ?? this.root;
  }
}
