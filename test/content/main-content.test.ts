import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readDocument } from "./page-fixtures.ts";

const sentence = "The tide rises and falls twice a day along this coast, and the harbour follows it. ";
const body = sentence.repeat(6);
const menu =
  '<ul><li><a href="/1">Home</a><li><a href="/2">Products</a><li><a href="/3">About us</a><li><a href="/4">Contact and imprint</a></ul>';

/** A page, what its main text must hold, and what it must not. */
const cases: readonly (readonly [
  name: string,
  html: string,
  kept: readonly string[],
  left: readonly string[],
  url?: string,
])[] = [
  [
    "the main element",
    `<div>Elsewhere ${body}</div><main><h1>Tides</h1><p>${body}</p></main>`,
    ["Tides"],
    ["Elsewhere"],
  ],
  ["the only article", `<p>Elsewhere</p><article><p>Inside ${body}</p></article>`, ["Inside"], ["Elsewhere"]],
  [
    "all of several articles",
    `<article><p>First ${body}</p></article><article><p>Second ${body}</p></article>`,
    ["First", "Second"],
    [],
  ],
  [
    "the body where main is a shell",
    `<main><p>Loading</p></main><div><p>Inside ${body}</p></div>`,
    ["Inside"],
    [],
  ],
  [
    "no menus, footers or sharing",
    `${menu}<nav>Navigate</nav><p>Inside ${body}</p><div class="share-buttons">Tweet this</div><div class="postFooter">Imprint</div><footer>Copyright</footer>`,
    ["Inside"],
    ["Navigate", "Tweet", "Imprint", "Copyright", "Products"],
  ],
  [
    "content in an element with a misleading name",
    `<div class="sidebar-layout"><p>Inside ${body}</p></div>`,
    ["Inside"],
    [],
  ],
  [
    "no comments below an article",
    `<article><p>Inside ${body}</p></article><div class="comments"><p>Nice one</p></div>`,
    ["Inside"],
    ["Nice one"],
  ],
  [
    "comments in a forum",
    `<h1>Question</h1><div class="comment"><p>First ${sentence}</p></div><div class="comment"><p>Second ${sentence}</p></div>`,
    ["First", "Second"],
    [],
    "https://forum.example.org/t/question/12",
  ],
  [
    "posts wrapped in forms",
    `<h1>Talk</h1><form><input type="hidden"><p>First ${sentence}</p></form><form><p>Second ${sentence}</p></form>`,
    ["First", "Second"],
    [],
  ],
  [
    "cards of a listing, all of them",
    `<h1>Cups</h1>${["Red", "Blue", "Green"].map((colour) => `<div class="card"><a href="/${colour}"><h3>${colour} cup for the harbour</h3><p>$10 ${sentence}</p></a></div>`).join("")}`,
    ["Red cup", "Blue cup", "Green cup"],
    [],
  ],
  [
    "a product without its reviews",
    `<script type="application/ld+json">{"@type":"Product","name":"Cup"}</script><h1>Cup</h1><p>Inside ${body}</p><div class="reviews"><p>Five stars from me</p></div>`,
    ["Inside"],
    ["Five stars"],
  ],
  [
    "code in the toolbar of a highlighter",
    `<main><p>Inside ${body}</p><div class="code-toolbar"><pre>let tide = 1;</pre><div class="toolbar">Copy</div></div></main>`,
    ["let tide"],
    ["Copy"],
  ],
  [
    "words of a sentence that are marked up",
    `<main><p>On <time>3 March</time> the <span class="author">pilot</span> sailed. ${body}</p><p><time>5 May</time></p></main>`,
    ["On 3 March the pilot sailed."],
    ["5 May"],
  ],
  [
    "no section headed as related",
    `<main><p>Inside ${body}</p><section><div><h2>You may also like</h2></div><p>Another thing</p></section></main>`,
    ["Inside"],
    ["Another thing"],
  ],
  [
    "something where the rules would leave nothing",
    `<div class="modal"><p>${sentence}</p></div><div class="popup"><p>${body}</p></div><div class="share"><p>${body}</p></div>`,
    ["The tide rises"],
    [],
  ],
  [
    "noscript where nothing else is visible",
    `<div id="app"></div><noscript><div><h1>Topic</h1><p>${body}</p></div></noscript>`,
    ["Topic", "The tide rises"],
    [],
  ],
  [
    "no noscript beside content",
    `<p>Inside ${body}${body}</p><noscript><p>Fallback ${body}</p></noscript>`,
    ["Inside"],
    ["Fallback"],
  ],
];

describe("main content", () => {
  for (const [name, html, kept, left, url] of cases) {
    it(`keeps ${name}`, async () => {
      const { document } = await readDocument(html, url === undefined ? {} : { url });
      for (const text of kept)
        assert.ok(document.text.includes(text), `${text} is missing from ${document.text}`);
      for (const text of left) assert.ok(!document.text.includes(text), `${text} is in ${document.text}`);
    });
  }

  it("keeps the full text where much is left out, and only there", async () => {
    const much = await readDocument(`<main><p>${body}</p></main><aside><p>Aside ${body}</p></aside>`);
    assert.ok(much.document.fullText.includes("Aside"));
    assert.equal(much.signals.fullTextLength, much.document.fullText.length);
    const little = await readDocument(`<main><p>${body}</p></main><footer>Imprint</footer>`);
    assert.equal(little.document.fullText, "");
    assert.equal(little.signals.fullTextLength, little.document.text.length);
  });

  it("does not read noscript of a page whose scripts have run", async () => {
    const { document } = await readDocument(`<div id="app"></div><noscript><p>${body}</p></noscript>`, {
      rendered: true,
    });
    assert.equal(document.text, "");
  });
});
