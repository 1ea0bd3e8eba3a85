import { createRandom, nameOf, TextMaker } from "./generated-text.ts";
import { serveSite } from "./static-site.ts";
import type { Site, SiteAnswer, SiteOptions, SiteRequest } from "./static-site.ts";

export interface GeneratedSiteOptions {
  /** How many documents a whole crawl stores; at least 3. */
  readonly pages: number;
  /** The same seed gives the same site, byte for byte. */
  readonly seed: number;
}

/** A statement that one page makes and no other. */
export interface GeneratedFact {
  readonly path: string;
  readonly question: string;
  readonly answer: string;
  /** The page's own sentence, verbatim. */
  readonly quote: string;
}

/** A site as a function of its seed, and what a right crawl makes of it. */
export interface GeneratedSite {
  /** Path and query of everything to be stored, each page once, under its canonical address. */
  readonly documents: readonly string[];
  /** Linked, and answered with a redirect to a page of `documents`. */
  readonly redirects: ReadonlyMap<string, string>;
  /** Linked, and answered 404. */
  readonly missing: readonly string[];
  /** Linked, and asks not to be indexed. */
  readonly noindex: readonly string[];
  /** Linked, and forbidden by robots.txt; a polite crawler never asks for them. */
  readonly disallowed: readonly string[];
  /** One a manual page: the home page and the section pages state none. */
  readonly facts: readonly GeneratedFact[];
  /** Makes a page when it is asked for; `undefined` is a 404. */
  readonly answer: (request: Pick<SiteRequest, "url">) => SiteAnswer | undefined;
}

/** One section page lists this many manual pages, as documentation sites do. */
const pagesPerSection = 24;
/** Gives pages of some 16 KB of HTML and 12 KB of text: the size of a page in a manual. */
const partsPerPage = 8;
/** Every how many manual pages one of them is linked by a redirect, a dead link, or two spellings of its query. */
const redirectEvery = 15;
const missingEvery = 40;
const queryEvery = 12;
const disallowed = ["/internal/staff.html", "/internal/stock.html", "/internal/minutes.html"];
const noindex = ["/print.html"];

/** A site of linked pages that a seed decides; pages are made when asked for, so its size costs no memory. */
export function generateSite({ pages, seed }: GeneratedSiteOptions): GeneratedSite {
  if (pages < 3) throw new RangeError("A generated site has a home page, a section and at least one page.");
  const sections = Math.ceil((pages - 1) / (pagesPerSection + 1));
  const items = pages - 1 - sections;
  const numbers = Array.from({ length: items }, (_, index) => index);
  const sectionPaths = Array.from({ length: sections }, (_, index) => `/section-${index + 1}/`);
  const itemByPath = new Map(numbers.map((item) => [pathOf(item), item]));
  const redirects = new Map(
    numbers.filter((item) => item % redirectEvery === 3).map((item) => [`/go/${item}`, pathOf(item)]),
  );

  const answer = ({ url }: Pick<SiteRequest, "url">): SiteAnswer | undefined => {
    const { pathname, searchParams } = new URL(url, "http://site");
    if (pathname === "/robots.txt") return textFile("User-agent: *\nDisallow: /internal/\n");
    const location = redirects.get(pathname);
    if (location !== undefined) return { status: 301, headers: { location } };
    if (pathname === "/") return renderHome(seed, sectionPaths);
    const section = sectionPaths.indexOf(pathname);
    if (section >= 0) return renderSection(seed, section, items, sections);
    if (noindex.includes(pathname)) return renderAside(seed, "Everything on one page", noindexTag);
    if (disallowed.includes(pathname)) return renderAside(seed, "For staff alone", "");
    const canonical =
      pathname === "/archive"
        ? `/archive?item=${searchParams.get("item")}&volume=${searchParams.get("volume")}`
        : pathname;
    const item = itemByPath.get(canonical);
    return item === undefined ? undefined : renderItem(seed, item, items, sections);
  };

  return {
    documents: ["/", ...sectionPaths, ...itemByPath.keys()],
    redirects,
    missing: numbers.filter((item) => item % missingEvery === 5).map((item) => missingPath(item)),
    noindex,
    disallowed,
    facts: numbers.map((item) => factOf(seed, item)),
    answer,
  };
}

/** The generated site on loopback. */
export async function serveGeneratedSite(
  options: GeneratedSiteOptions & SiteOptions,
): Promise<Site & GeneratedSite> {
  const generated = generateSite(options);
  const site = await serveSite(generated.answer, options);
  return { ...generated, ...site };
}

const noindexTag = '<meta name="robots" content="noindex">';
const missingPath = (item: number) => `/gone/${item}.html`;
const sectionOf = (item: number) => Math.floor(item / pagesPerSection);

/** Every twelfth page lives behind a query, so that the order of its parameters matters to a careless crawler. */
function pathOf(item: number): string {
  return item % queryEvery === 7
    ? `/archive?item=${item}&volume=${sectionOf(item) + 1}`
    : `/section-${sectionOf(item) + 1}/page-${item}.html`;
}

/** Other addresses of the same page, as other people's links spell them. */
function otherSpelling(item: number): string {
  return item % queryEvery === 7
    ? `/archive?volume=${sectionOf(item) + 1}&item=${item}`
    : `${pathOf(item)}?utm_source=newsletter&utm_medium=email`;
}

function factOf(seed: number, item: number): GeneratedFact {
  const random = new TextMaker(createRandom(seed * 31 + item));
  const name = nameOf(item, seed);
  const noun = random.word("noun");
  const [what, unit, low, high] = random.pick(quantities);
  const answer = `${random.number(low, high)} ${unit}`;
  return {
    path: pathOf(item),
    question: `What is the ${what} of the ${name} ${noun}?`,
    answer,
    quote: `The ${what} of the ${name} ${noun} is ${answer}.`,
  };
}

const quantities = [
  ["opening pressure", "millibar", 120, 980],
  ["rated current", "milliamperes", 15, 900],
  ["service interval", "running hours", 200, 9000],
  ["greatest shaft speed", "revolutions per minute", 300, 6400],
  ["fastening torque", "newton metres", 4, 260],
] as const;

function renderHome(seed: number, sectionPaths: readonly string[]): string {
  const make = new TextMaker(createRandom(seed));
  const links = sectionPaths.map((path, index) => `<li>${link(path, sectionTitle(seed, index))}</li>`);
  const main = `<h1>Handbook of the plant</h1><p>${make.paragraph()}</p><h2>Sections</h2><ul>${links.join("")}</ul>
<p>${link("/print.html", "The whole handbook for printing")}. ${disallowed.map((path) => link(path, "Staff")).join(" ")}</p>`;
  return renderPage(seed, "Handbook of the plant", sectionPaths.length, "", main);
}

function renderSection(seed: number, section: number, items: number, sections: number): string {
  const make = new TextMaker(createRandom(seed * 17 + section));
  const rows = itemsOf(section, items).map(
    (item) => `<li>${link(pathOf(item), itemTitle(seed, item))}: ${make.sentence()}</li>`,
  );
  const next = section + 1 < sections ? link(`/section-${section + 2}/`, "Next section") : "";
  const title = sectionTitle(seed, section);
  const main = `<h1>${title}</h1><p>${make.paragraph()}</p><ul>${rows.join("\n")}</ul><p>${next}</p>`;
  return renderPage(seed, title, sections, "", main);
}

function renderItem(seed: number, item: number, items: number, sections: number): SiteAnswer {
  const make = new TextMaker(createRandom(seed * 101 + item));
  const fact = factOf(seed, item);
  const at = make.number(0, partsPerPage);
  const parts = Array.from({ length: partsPerPage }, (_, index) => {
    const facts = index === at ? `<p>${make.sentence()} ${fact.quote} ${make.sentence()}</p>` : "";
    return `<h2>${make.heading()}</h2>\n<p>${make.paragraph()}</p>\n${facts}\n${renderExtra(make, index % 4)}\n<p>${make.paragraph()}</p>\n<p>${make.paragraph()}</p>`;
  });
  const main = `<h1>${itemTitle(seed, item)}</h1>\n${parts.join("\n")}\n<p>See also: ${seeAlso(make, seed, item, items)}.</p>`;
  const siblings = itemsOf(sectionOf(item), items).map(
    (other) => `<li>${link(pathOf(other), itemTitle(seed, other))}</li>`,
  );
  return {
    headers: { "last-modified": new Date(Date.UTC(2026, 0, 1 + (item % 300))).toUTCString() },
    body: renderPage(seed, itemTitle(seed, item), sections, `<ul>${siblings.join("")}</ul>`, main),
  };
}

/** The next page and some others, spelled in every way that links are spelled. */
function seeAlso(make: TextMaker, seed: number, item: number, items: number): string {
  const others = [(item + 1) % items, make.number(0, items), make.number(0, items)];
  const links = others.map((other) => link(pathOf(other), itemTitle(seed, other)));
  links.push(link(otherSpelling(item), "a link to this page"));
  if (item % redirectEvery === 3) links.push(link(`/go/${item}`, "a short link"));
  if (item % missingEvery === 5) links.push(link(missingPath(item), "an older edition"));
  return links.join(", ");
}

function renderExtra(make: TextMaker, index: number): string {
  if (index === 0) {
    return `<ul>${Array.from({ length: 5 }, () => `<li>${make.sentence()}</li>`).join("")}</ul>`;
  }
  if (index === 1) {
    const rows = Array.from(
      { length: 6 },
      () =>
        `<tr><td>${make.word("noun")}</td><td>${make.number(2, 90)} mm</td><td>${make.word("place")}</td></tr>`,
    );
    return `<table><thead><tr><th>Part</th><th>Size</th><th>Where</th></tr></thead><tbody>${rows.join("")}</tbody></table>`;
  }
  if (index === 2) {
    const lines = Array.from(
      { length: 6 },
      () => `set ${make.word("noun")}.${make.word("noun")} ${make.number(1, 500)}`,
    );
    return `<pre><code>${lines.join("\n")}</code></pre>`;
  }
  return `<blockquote><p>${make.sentence()}</p></blockquote>`;
}

function renderAside(seed: number, title: string, head: string): string {
  const main = `<h1>${title}</h1><p>${new TextMaker(createRandom(seed + title.length)).paragraph(12)}</p>`;
  return renderPage(seed, title, 1, "", main, head);
}

function renderPage(
  seed: number,
  title: string,
  sections: number,
  sidebar: string,
  main: string,
  head = "",
): string {
  const shown = Array.from({ length: Math.min(sections, 12) }, (_, index) => index);
  const navigation = shown
    .map((index) => `<li>${link(`/section-${index + 1}/`, sectionTitle(seed, index))}</li>`)
    .join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="description" content="${title}, a page of the handbook.">${head}</head>
<body><header><nav aria-label="Sections"><ul><li>${link("/", "Home")}</li>${navigation}</ul></nav></header>
<aside>${sidebar}</aside>
<main><article>
${main}
</article></main>
<footer><p>Handbook of the plant. Printed copies are not kept up to date.</p></footer></body></html>
`;
}

function itemsOf(section: number, items: number): number[] {
  const first = section * pagesPerSection;
  return Array.from({ length: Math.min(pagesPerSection, items - first) }, (_, index) => first + index);
}

const itemTitle = (seed: number, item: number) => `The ${nameOf(item, seed)} manual`;
const sectionTitle = (seed: number, section: number) =>
  `Section ${section + 1}: ${nameOf(nameOffset + section, seed)}`;
/** Sections take their names from beyond any page's number. */
const nameOffset = 300_000;

const link = (path: string, text: string) => `<a href="${path.replaceAll("&", "&amp;")}">${text}</a>`;
const textFile = (body: string): SiteAnswer => ({
  headers: { "content-type": "text/plain; charset=utf-8" },
  body,
});
