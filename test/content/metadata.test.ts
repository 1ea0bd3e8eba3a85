import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isoDate } from "../../src/content/dates.ts";
import { languageTag } from "../../src/content/language.ts";
import type { PageDocument } from "../../src/document.ts";
import { readDocument } from "./page-fixtures.ts";

const jsonLd = (value: unknown): string =>
  `<script type="application/ld+json">${JSON.stringify(value)}</script>`;
const cases: readonly (readonly [name: string, html: string, expected: Partial<PageDocument>])[] = [
  [
    "the title, its site left off",
    "<title>How tides work | Sea Journal</title>",
    { title: "How tides work" },
  ],
  [
    "a title that has no site in it",
    "<title>Tides and moons - a long guide to how it all works</title>",
    { title: "Tides and moons - a long guide to how it all works" },
  ],
  [
    "the heading that the title repeats",
    "<title>All about tides: everything</title><h1>Tides</h1><h1>All about tides<a href='#x'>¶</a></h1>",
    { title: "All about tides" },
  ],
  [
    "the title of a page whose sections have top headings too",
    "<title>The Tide Tables</title><h1>1. Summary</h1><h1>2. The Tide Tables</h1><h1>3. Older Tables</h1>",
    { title: "The Tide Tables" },
  ],
  [
    "the page's own heading under one that names the site",
    "<title>Sea Journal - Reading tide tables</title><h1>Sea Journal</h1><h1>Reading tide tables</h1>",
    { title: "Reading tide tables" },
  ],
  [
    "og:title over a heading that is a slogan",
    '<meta property="og:title" content="Tides explained"><h1>Welcome aboard, sailor!</h1>',
    { title: "Tides explained" },
  ],
  ["the heading where nothing else is", "<h1>Only heading</h1>", { title: "Only heading" }],
  [
    "JSON-LD in a graph",
    jsonLd({
      "@graph": [
        { "@type": "WebSite", name: "S" },
        {
          "@type": ["NewsArticle"],
          headline: "Head",
          author: [{ name: "Ann Lee" }, { name: "Bo" }],
          datePublished: "2024-02-03T04:05:06+0100",
          dateModified: "2024-02-04",
        },
      ],
    }),
    {
      title: "Head",
      author: "Ann Lee, Bo",
      publishedAt: "2024-02-03T04:05:06+01:00",
      modifiedAt: "2024-02-04",
    },
  ],
  [
    "JSON-LD with raw line breaks in it",
    '<script type="application/ld+json">{"@type":"Article","headline":"A\nB"}</script>',
    { title: "A B" },
  ],
  [
    "JSON-LD with HTML in its strings",
    jsonLd({ "@type": "Article", headline: "Ebb &amp; <b>flow</b>" }),
    { title: "Ebb & flow" },
  ],
  [
    "broken JSON-LD as nothing",
    '<script type="application/ld+json">{"@type":</script><title>Fine</title>',
    { title: "Fine" },
  ],
  [
    "meta tags",
    '<meta name="description" content=" A  b "><meta name="author" content="By Ann Lee"><meta property="article:published_time" content="2024-05-06T07:08:09Z"><meta property="og:site_name" content="Sea">',
    { description: "A b", author: "Ann Lee", publishedAt: "2024-05-06T07:08:09Z", siteName: "Sea" },
  ],
  [
    "microdata",
    '<span itemprop="author">Ann Lee</span><time itemprop="datePublished" datetime="2023-01-02">x</time>',
    { author: "Ann Lee", publishedAt: "2023-01-02" },
  ],
  [
    "a byline",
    '<div class="post-date">March 5, 2021</div><span class="byline">By Ann Lee · 3 min read</span>',
    { author: "Ann Lee", publishedAt: "2021-03-05" },
  ],
  ["the language of html", '<html lang="en_us"><body>x', { language: "en-US" }],
  ["the language of meta", '<meta http-equiv="content-language" content="DE, fr"><p>x', { language: "de" }],
  ["no language from nonsense", '<html lang="english please"><p>x', { language: "" }],
  [
    "the canonical URL",
    '<link rel="canonical" href="/canon#x">',
    { canonicalUrl: "https://example.org/canon" },
  ],
  ["a canonical URL that is none", '<link rel="canonical" href="javascript:1">', { canonicalUrl: "" }],
];

const dates: readonly (readonly [string, string])[] = [
  ["2024-02-29", "2024-02-29"],
  ["2023-02-29", ""],
  ["2024-2-3", "2024-02-03"],
  ["2024-02-03 04:05:06", "2024-02-03T04:05:06"],
  ["20240203", "2024-02-03"],
  ["3 February 2024", "2024-02-03"],
  ["Sat, 03 Feb 2024 10:00:00 GMT", "2024-02-03"],
  ["Published: Feb. 3rd, 2024", "2024-02-03"],
  ["03/02/2024", ""],
  ["yesterday", ""],
  ["", ""],
];

describe("metadata", () => {
  for (const [name, html, expected] of cases) {
    it(`reads ${name}`, async () => {
      const { document } = await readDocument(html);
      for (const [key, value] of Object.entries(expected)) {
        assert.equal(document[key as keyof PageDocument], value, key);
      }
    });
  }

  for (const [text, date] of dates)
    it(`reads ${JSON.stringify(text)} as a date`, () => assert.equal(isoDate(text), date));

  it("falls back on the language of the header", async () => {
    const { document } = await readDocument("<p>x", { headers: { "content-language": "pt-br" } });
    assert.equal(document.language, "pt-BR");
    assert.equal(languageTag("zh_hant_tw; q=1"), "zh-Hant-TW");
  });

  it("keeps JSON-LD and OpenGraph as they are, bounded in size and depth", async () => {
    let deep: unknown = "end";
    for (let i = 0; i < 50; i++) deep = { deep };
    const { document } = await readDocument(
      jsonLd({ "@type": "Product", name: "Cup" }) +
        jsonLd({ "@type": "Thing", deep }) +
        jsonLd({ text: "x".repeat(300_000) }) +
        '<meta property="og:type" content="product"><meta property="og:type" content="second"><meta name="viewport" content="w">',
    );
    assert.deepEqual(document.structured, {
      jsonLd: [{ "@type": "Product", name: "Cup" }],
      openGraph: { "og:type": "product" },
    });
  });
});
