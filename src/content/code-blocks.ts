import type { HtmlNode } from "./html-tree.ts";
import { collapse } from "./white-space.ts";

/** The text of a `pre` exactly as it stands, without the line numbers and copy buttons that tools put in it. */
export function codeText(pre: HtmlNode): string {
  const text = rawText(pre).replaceAll("\r\n", "\n").replaceAll("\u0000", "");
  return text.replace(/^\n/, "").trimEnd();
}

/** The text of inline code, its white space collapsed; undefined where links stand in it. */
export function inlineCode(node: HtmlNode): string | undefined {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag !== undefined && (child.name === "a" || child.tag.isBlock || child.name === "br"))
      return undefined;
  }
  return collapse(rawText(node));
}

const notCode = /(?:^|\s)(?:linenos?|line-?numbers?|lineno|gutter|copy\S*|headerlink)(?:\s|$)/i;

function rawText(node: HtmlNode): string {
  let text = "";
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined) text += child.text;
    else if (child.isHidden || child.isBoilerplate || child.name === "button") continue;
    else if (child.name === "br") text += "\n";
    else {
      const className = child.attribute("class");
      if (className !== undefined && notCode.test(className)) continue;
      // Highlighters that give each line an element of its own.
      if (child.tag.isBlock && text !== "" && !text.endsWith("\n")) text += "\n";
      text += rawText(child);
    }
  }
  return text;
}

const languageClass = /(?:^|\s)(?:language|lang|highlight(?:-source)?|brush:?)[-\s]?([a-z][\w+#.-]*)/i;
/** Sphinx and highlighters say these where they mean no language. */
const noLanguage = new Set([
  "default",
  "none",
  "text",
  "plain",
  "plaintext",
  "notranslate",
  "txt",
  "nohighlight",
]);

/**
 * The language of a code block, from its own class, its `code` child's or that of the elements around it.
 * @see HTML standard 4.5.15 (`language-`), Sphinx (`highlight-x notranslate`), GitHub (`highlight-source-x`, `data-lang`)
 */
export function languageOf(pre: HtmlNode): string {
  const child = pre.first?.name === "code" ? pre.first : undefined;
  let node: HtmlNode | undefined = child ?? pre;
  for (let steps = 0; node !== undefined && steps < 4; steps++, node = node.parent) {
    const data = node.attribute("data-lang") ?? node.attribute("data-language");
    const name = (data ?? languageClass.exec(node.attribute("class") ?? "")?.[1])?.toLowerCase();
    if (name !== undefined && /^[\w+#.-]{1,30}$/.test(name)) {
      return noLanguage.has(name) ? "" : name;
    }
  }
  return "";
}
