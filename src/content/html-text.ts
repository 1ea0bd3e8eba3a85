import { parseHtml } from "./html-tree.ts";
import { visibleText } from "./links.ts";
import { survey } from "./survey.ts";
import { oneLine } from "./white-space.ts";

/** The text of a piece of HTML that stands inside something else, as in feeds and in JSON-LD, in one line. */
export function textOfHtml(html: string): string {
  if (!/[<&]/.test(html)) return oneLine(html);
  const { root } = parseHtml(html, { maxNodes: 20_000, maxDepth: 128 });
  survey(root, { hasScripts: true });
  return oneLine(visibleText(root, html.length));
}
