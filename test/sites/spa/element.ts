type Child = Node | string;

/** An element with its attributes and children. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly Child[],
): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Nodes for a line of text with `code` and [links](/to/pages) in it. */
export function inline(text: string): Child[] {
  return text.split(/(`[^`]+`|\[[^\]]+\]\([^)]+\))/).map((part) => {
    if (part.startsWith("`")) return element("code", {}, [part.slice(1, -1)]);
    const [, label, href] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part) ?? [];
    return label !== undefined && href !== undefined ? element("a", { href }, [label]) : part;
  });
}
