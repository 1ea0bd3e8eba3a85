// test/sites/spa/element.ts
/** An element with its attributes and children. */
function element(name, attributes, children) {
	const made = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
	made.append(...children);
	return made;
}
/** Nodes for a line of text with `code` and [links](/to/pages) in it. */
function inline(text) {
	return text.split(/(`[^`]+`|\[[^\]]+\]\([^)]+\))/).map((part) => {
		if (part.startsWith("`")) return element("code", {}, [part.slice(1, -1)]);
		const [, label, href] = /^\[([^\]]+)\]\(([^)]+)\)$/.exec(part) ?? [];
		return label !== void 0 && href !== void 0 ? element("a", { href }, [label]) : part;
	});
}
// test/sites/spa/views.ts
/** The whole page for a route: header, sidebar, main and footer. */
function renderPage(content, route) {
	const page = content.pages[route] ?? notFound;
	return [
		element("header", { class: "top" }, [element("a", {
			class: "brand",
			href: "/"
		}, ["Lantern"]), element("nav", { "aria-label": "Main" }, content.navigation.map((link) => renderLink(link, route)))]),
		element("div", { class: "page" }, [element("aside", { class: "side" }, [renderSidebar(content, route)]), element("main", {}, [
			element("h1", {}, [page.title]),
			element("p", { class: "lead" }, inline(page.lead)),
			...page.blocks.map(renderBlock)
		])]),
		element("footer", { class: "foot" }, content.footer.map((line) => element("p", {}, [line])))
	];
}
/** What the browser's tab says. */
function titleOf(content, route) {
	return `${(content.pages[route] ?? notFound).title} · Lantern`;
}
var notFound = {
	title: "Page not found",
	lead: "There is no such page. [See what is new](/app/).",
	blocks: []
};
function renderSidebar(content, route) {
	return element("div", {}, content.sidebar.flatMap(({ title, links }) => [element("h2", {}, [title]), element("ul", {}, links.map((link) => element("li", {}, [renderLink(link, route)])))]));
}
function renderLink({ href, label }, route) {
	return element("a", href === route ? {
		href,
		"aria-current": "page"
	} : { href }, [label]);
}
function renderBlock(block) {
	switch (block.kind) {
		case "heading": return element("h2", {}, [block.text]);
		case "paragraph": return element("p", {}, inline(block.text));
		case "note": return element("div", { class: "note" }, [element("p", {}, inline(block.text))]);
		case "list": return element("ul", {}, block.items.map((item) => element("li", {}, inline(item))));
		case "cards": return element("ul", { class: "cards" }, block.items.map(({ title, text }) => element("li", {}, [element("strong", {}, inline(title)), element("p", {}, inline(text))])));
		default: return element("table", {}, [element("thead", {}, [renderRow("th", block.head)]), element("tbody", {}, block.rows.map((row) => renderRow("td", row)))]);
	}
}
function renderRow(cell, texts) {
	return element("tr", {}, texts.map((text) => element(cell, {}, inline(text))));
}
// test/sites/spa/main.ts
var root = document.querySelector("#app");
var content = await (await fetch("/app/content.json")).json();
function show() {
	const route = location.pathname;
	document.title = titleOf(content, route);
	root?.replaceChildren(...renderPage(content, route));
}
document.addEventListener("click", (event) => {
	const link = event.target instanceof Element ? event.target.closest("a") : null;
	if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
	if (link.origin !== location.origin || !link.pathname.startsWith("/app/")) return;
	event.preventDefault();
	history.pushState(null, "", link.href);
	show();
	scrollTo(0, 0);
});
addEventListener("popstate", show);
show();
