import type { Content, ContentBlock, NavigationLink, PageContent } from "./content.ts";
import { element, inline } from "./element.ts";

/** The whole page for a route: header, sidebar, main and footer. */
export function renderPage(content: Content, route: string): HTMLElement[] {
  const page = content.pages[route] ?? notFound;
  return [
    element("header", { class: "top" }, [
      element("a", { class: "brand", href: "/" }, ["Lantern"]),
      element(
        "nav",
        { "aria-label": "Main" },
        content.navigation.map((link) => renderLink(link, route)),
      ),
    ]),
    element("div", { class: "page" }, [
      element("aside", { class: "side" }, [renderSidebar(content, route)]),
      element("main", {}, [
        element("h1", {}, [page.title]),
        element("p", { class: "lead" }, inline(page.lead)),
        ...page.blocks.map(renderBlock),
      ]),
    ]),
    element(
      "footer",
      { class: "foot" },
      content.footer.map((line) => element("p", {}, [line])),
    ),
  ];
}

/** What the browser's tab says. */
export function titleOf(content: Content, route: string): string {
  return `${(content.pages[route] ?? notFound).title} · Lantern`;
}

const notFound: PageContent = {
  title: "Page not found",
  lead: "There is no such page. [See what is new](/app/).",
  blocks: [],
};

function renderSidebar(content: Content, route: string): HTMLElement {
  return element(
    "div",
    {},
    content.sidebar.flatMap(({ title, links }) => [
      element("h2", {}, [title]),
      element(
        "ul",
        {},
        links.map((link) => element("li", {}, [renderLink(link, route)])),
      ),
    ]),
  );
}

function renderLink({ href, label }: NavigationLink, route: string): HTMLElement {
  return element("a", href === route ? { href, "aria-current": "page" } : { href }, [label]);
}

function renderBlock(block: ContentBlock): HTMLElement {
  switch (block.kind) {
    case "heading":
      return element("h2", {}, [block.text]);
    case "paragraph":
      return element("p", {}, inline(block.text));
    case "note":
      return element("div", { class: "note" }, [element("p", {}, inline(block.text))]);
    case "list":
      return element(
        "ul",
        {},
        block.items.map((item) => element("li", {}, inline(item))),
      );
    case "cards":
      return element(
        "ul",
        { class: "cards" },
        block.items.map(({ title, text }) =>
          element("li", {}, [element("strong", {}, inline(title)), element("p", {}, inline(text))]),
        ),
      );
    default:
      return element("table", {}, [
        element("thead", {}, [renderRow("th", block.head)]),
        element(
          "tbody",
          {},
          block.rows.map((row) => renderRow("td", row)),
        ),
      ]);
  }
}

function renderRow(cell: "th" | "td", texts: readonly string[]): HTMLElement {
  return element(
    "tr",
    {},
    texts.map((text) => element(cell, {}, inline(text))),
  );
}
