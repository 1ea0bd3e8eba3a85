// What runs inside a page, sent there as text: the functions here may use each other and the page's own globals, and
// nothing else. They run in an isolated world, so a page that changes `Array.prototype` or `outerHTML` changes nothing
// for them; but `<form name=body>` and `<input name=childNodes>` shadow properties in every world (DOM clobbering), and
// so properties are read through the prototypes.

/** The program that, evaluated in a page, gives the length of the text a reader would see. */
export function textLengthProgram(): string {
  return programOf("readTextLength()");
}

/** The program that gives a {@link Snapshot} as JSON. */
export function snapshotProgram(maxLength: number): string {
  return programOf(`takeSnapshot(${maxLength})`);
}

/** A rendered page as HTML. */
export interface Snapshot {
  /** "" when the page is longer than allowed. */
  readonly html: string;
  readonly length: number;
}

function programOf(call: string): string {
  const functions = [read, invoke, queryAll, bodyOf, frameBody, readTextLength, takeSnapshot];
  return `(() => {\n${functions.map(String).join("\n")}\nreturn ${call};\n})()`;
}

// The little of the DOM that is used; the compiler's own DOM library would offer `document` to all of Forager.
interface DomNode {
  readonly nodeValue: string | null;
  textContent: string;
}
interface DomElement extends DomNode {
  readonly innerText: string;
  readonly src: string;
  readonly href: string;
  readonly contentDocument: DomNode | null;
  innerHTML: string;
  assignedNodes(options: { readonly flatten: boolean }): DomNode[];
  setAttribute(name: string, value: string): void;
}
declare const document: DomNode & {
  readonly implementation: {
    createHTMLDocument(title: string): {
      createElement(name: string): DomElement;
      importNode(node: DomNode, isDeep: boolean): DomElement;
    };
  };
};
type DomInterface = { readonly prototype: object };
declare const Document: DomInterface;
declare const Node: DomInterface;
declare const Element: DomInterface;

function read(of: DomInterface, name: string, node: DomNode): unknown {
  return Reflect.get(of.prototype, name, node);
}

function invoke(of: DomInterface, name: string, node: DomNode, ...given: unknown[]): unknown {
  return Reflect.apply(Reflect.get(of.prototype, name) as () => unknown, node, given);
}

function queryAll(root: DomNode, selector: string): DomElement[] {
  // Documents and elements each have a `querySelectorAll` of their own; shadow roots share the documents' name only.
  const of = Object.getPrototypeOf(root) as object;
  let owner = of;
  while (!Object.hasOwn(owner, "querySelectorAll")) owner = Object.getPrototypeOf(owner) as object;
  return [...(invoke({ prototype: owner }, "querySelectorAll", root, selector) as Iterable<DomElement>)];
}

function bodyOf(page: DomNode): DomElement | null {
  return read(Document, "body", page) as DomElement | null;
}

/** The body of a frame that can be seen and is of the same origin. */
function frameBody(element: DomElement): DomElement | null {
  if (read(Element, "localName", element) !== "iframe") return null;
  const boxes = invoke(Element, "getClientRects", element) as ArrayLike<unknown>;
  const inner = boxes.length === 0 ? null : element.contentDocument;
  return inner === null ? null : bodyOf(inner);
}

/** Shadow trees count where there is little text outside of them. */
function readTextLength(): number {
  const little = 32;
  const length = bodyOf(document)?.innerText?.trim().length ?? 0;
  if (length >= little) return length;
  const shadows = queryAll(document, "*").map(
    (element) => read(Element, "shadowRoot", element) as DomNode | null,
  );
  return shadows.reduce((sum, shadow) => sum + (shadow?.textContent.trim().length ?? 0), length);
}

/** The page with open shadow trees and visible same-origin frames put in their places. */
function takeSnapshot(maxLength: number): string {
  const maxTrees = 5_000;
  /** Copies without running anything: no scripts, no custom elements, no requests. */
  const inert = document.implementation.createHTMLDocument("");
  /** Elements that `outerHTML` does not tell in full: hosts, frames, slots, and all that they are in. */
  const special = new Set<DomNode>();
  let trees = 0;

  const find = (root: DomNode, isShadow: boolean): void => {
    for (const element of queryAll(root, "*")) {
      const shadow = read(Element, "shadowRoot", element) as DomNode | null;
      const isSlot = isShadow && read(Element, "localName", element) === "slot";
      if ((shadow === null && !isSlot && frameBody(element) === null) || trees++ > maxTrees) continue;
      for (let node: DomNode | null = element; node !== null && !special.has(node);) {
        special.add(node);
        node = read(Node, "parentNode", node) as DomNode | null;
      }
      if (shadow !== null) find(shadow, true);
    }
  };

  const writeAll = (nodes: Iterable<DomNode>): string => Array.from(nodes, write).join("");

  const write = (node: DomNode): string => {
    const type = read(Node, "nodeType", node) as number;
    if (type === 3) {
      const holder = inert.createElement("p");
      holder.textContent = node.nodeValue ?? "";
      return holder.innerHTML;
    }
    if (type !== 1) return "";
    const element = node as DomElement;
    if (!special.has(element)) return read(Element, "outerHTML", element) as string;
    const name = read(Element, "localName", element) as string;
    const assigned = name === "slot" ? element.assignedNodes({ flatten: true }) : [];
    if (assigned.length > 0) return writeAll(assigned);
    const shell = read(Element, "outerHTML", inert.importNode(element, false)) as string;
    const end = `</${name}>`;
    const start = shell.endsWith(end) ? shell.slice(0, -end.length) : shell;
    const holder = (read(Element, "shadowRoot", element) as DomNode | null) ?? element;
    const content = writeAll(read(Node, "childNodes", holder) as Iterable<DomNode>);
    return start + content + end + writeFrame(element);
  };

  const writeFrame = (element: DomElement): string => {
    const body = frameBody(element);
    if (body === null) return "";
    const copy = inert.importNode(body, true);
    const links = queryAll(body, "a[href]");
    for (const [index, link] of queryAll(copy, "a[href]").entries()) {
      link.setAttribute("href", links[index]?.href ?? "");
    }
    return `<div data-frame="${encodeURI(element.src)}">${copy.innerHTML}</div>`;
  };

  const root = read(Document, "documentElement", document) as DomElement | null;
  find(document, false);
  const html =
    root === null ? "" : special.has(root) ? write(root) : (read(Element, "outerHTML", root) as string);
  const page = `<!DOCTYPE html>${html}`;
  return JSON.stringify({ html: page.length > maxLength ? "" : page, length: page.length });
}
