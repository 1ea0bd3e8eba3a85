import type { HtmlNode } from "./html-tree.ts";

/** All visible text under `root`, main content or not, as plain lines: what search falls back to. */
export function fullText(root: HtmlNode, maxLength: number): string {
  const lines: string[] = [];
  const state = { line: "", endsInSpace: true, length: 0 };
  const endLine = (): void => {
    const line = state.line.trim();
    state.line = "";
    state.endsInSpace = true;
    if (line === "") return;
    lines.push(line);
    state.length += line.length + 1;
  };
  const visit = (node: HtmlNode): void => {
    for (let child = node.first; child !== undefined && state.length < maxLength; child = child.next) {
      const { tag } = child;
      if (tag === undefined) {
        const { text } = child;
        state.line += state.endsInSpace && text.startsWith(" ") ? text.slice(1) : text;
        if (text !== "") state.endsInSpace = text.endsWith(" ");
      } else if (child.isHidden) continue;
      else if (tag.isBlock || tag.name === "br") {
        endLine();
        visit(child);
        endLine();
      } else visit(child);
    }
  };
  visit(root);
  endLine();
  return lines.join("\n").slice(0, maxLength).toWellFormed();
}
