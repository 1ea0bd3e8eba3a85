import type { Content } from "./content.ts";
import { renderPage, titleOf } from "./views.ts";

// The part of the demo site that needs a browser: the shell it starts from holds no text, and every route is drawn here.

const root = document.querySelector("#app");
const content = (await (await fetch("/app/content.json")).json()) as Content;

function show(): void {
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
