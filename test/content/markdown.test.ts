import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readDocument } from "./page-fixtures.ts";

/** HTML, its markdown, and its plain text where the two differ by more than marks. */
const cases: readonly (readonly [name: string, html: string, markdown: string, text?: string])[] = [
  [
    "headings by level",
    "<h1>One</h1><h3>Three <em>deep</em></h3><p>Text.</p>",
    "# One\n\n### Three *deep*\n\nText.",
    "One\n\nThree deep\n\nText.",
  ],
  ["white space as a browser does", "<p> a\n b&nbsp; c\t</p>  \n<p>d</p>", "a b c\n\nd", "a b c\n\nd"],
  ["line breaks", "<p>one<br>two<br><br>three</p>", "one  \ntwo\n\nthree", "one\ntwo\n\nthree"],
  [
    "nested lists",
    "<ul><li>a<ul><li>b</li><li>c<ol><li>d</li></ol></li></ul></li><li>e</li></ul>",
    "- a\n  - b\n  - c\n    1. d\n- e",
    "a\nb\nc\nd\ne",
  ],
  ["ordered lists from their start", '<ol start="9"><li>nine<li>ten</ol>', "9. nine\n10. ten", "nine\nten"],
  ["paragraphs in items", "<ul><li><p>a</p><p>b</p></li><li>c</li></ul>", "- a\n\n  b\n- c", "a\nb\nc"],
  [
    "tables with a header",
    "<table><tr><th>A</th><th>B|C</th></tr><tr><td>1</td><td><b>2</b></td></tr></table>",
    "| A | B\\|C |\n| --- | --- |\n| 1 | **2** |",
    "A\tB|C\n1\t2",
  ],
  [
    "tables without a header",
    "<table><tr><td>1</td><td>2</td></tr><tr><td colspan=2>3</td></tr></table>",
    "|  |  |\n| --- | --- |\n| 1 | 2 |\n| 3 |  |",
    "1\t2\n3",
  ],
  [
    "layout tables as their content",
    "<table><tr><td><h2>T</h2><p>x</p></td><td><p>y</p></td></tr></table>",
    "## T\n\nx\n\ny",
    "T\n\nx\n\ny",
  ],
  [
    "code with its language and white space",
    '<pre><code class="language-js">\nif (a) {\n\tb();\n}\n</code></pre>',
    "```js\nif (a) {\n\tb();\n}\n```",
    "if (a) {\n\tb();\n}",
  ],
  [
    "code of Sphinx",
    '<div class="highlight-python3 notranslate"><div class="highlight"><pre><span></span><span class="k">def</span> f():\n    <span class="k">pass</span>\n</pre></div></div>',
    "```python3\ndef f():\n    pass\n```",
    "def f():\n    pass",
  ],
  ["code that holds fences", "<pre>```\nx\n```</pre>", "````\n```\nx\n```\n````", "```\nx\n```"],
  [
    "inline code",
    "<p>Call <code>a*b</code> or <code>`x`</code>.</p>",
    "Call `a*b` or `` `x` ``.",
    "Call a*b or `x`.",
  ],
  [
    "emphasis with its spaces outside",
    "<p>a<b> bold </b>and <i>it</i><em></em></p>",
    "a **bold** and *it*",
    "a bold and it",
  ],
  ["nested marks once", "<p><b>a <strong>b</strong></b></p>", "**a b**", "a b"],
  [
    "links, absolute",
    '<p><a href="../x?y=1#z">see [1]</a> and <a href="mailto:a@b.c">mail</a></p>',
    "[see \\[1\\]](https://example.org/x?y=1#z) and mail",
    "see [1] and mail",
  ],
  [
    "links around blocks",
    '<a href="/c"><h2>Card</h2><p>More</p></a>',
    "## [Card](https://example.org/c)\n\n[More](https://example.org/c)",
    "Card\n\nMore",
  ],
  [
    "images with their text",
    '<p>x <img src="/i.png" alt="A cat"> <img src="/j.png" alt=""></p>',
    "x ![A cat](https://example.org/i.png)",
    "x",
  ],
  ["quotes", "<blockquote><p>a</p><p>b</p></blockquote><p>c</p>", "> a\n>\n> b\n\nc", "a\nb\n\nc"],
  [
    "definitions",
    "<dl><dt>Term</dt><dd>Meaning</dd><dt>Two</dt><dd>More</dd></dl>",
    "- **Term**\n\n  Meaning\n\n- **Two**\n\n  More",
    "Term\nMeaning\nTwo\nMore",
  ],
  ["permalinks left out", '<h2>Title<a class="headerlink" href="#title">¶</a></h2>', "## Title", "Title"],
  [
    "what looks like markdown",
    "<p># no heading</p><p>1. no list</p><p>- none</p><p>a*b* [x](y) &lt;b&gt; &amp;amp; \\*</p>",
    "\\# no heading\n\n1\\. no list\n\n\\- none\n\na\\*b\\* [x\\](y) \\<b> \\&amp; \\\\\\*",
    "# no heading\n\n1. no list\n\n- none\n\na*b* [x](y) <b> &amp; \\*",
  ],
  [
    "and no more than that",
    "<p>2 * 3 - 1 = 5, snake_case_name, [note], a < b & c, 50% #tag</p>",
    "2 * 3 - 1 = 5, snake_case_name, [note], a < b & c, 50% #tag",
  ],
  [
    "hidden parts left out",
    '<p>a</p><p hidden>b</p><p style="color:red; display: none">c</p><template>d</template><script>e</script><style>f</style><noscript>g</noscript><p hidden="until-found">h</p>',
    "a\n\nh",
  ],
];

describe("markdown", () => {
  for (const [name, html, markdown, text] of cases) {
    it(`writes ${name}`, async () => {
      const { document } = await readDocument(`<main>${html}</main>`);
      assert.equal(document.markdown, markdown);
      assert.equal(document.text, text ?? markdown);
    });
  }

  it("gives each block its kind, range and level", async () => {
    const { document } = await readDocument(
      "<h2>Head</h2><p>Para</p><ul><li>a<li>b</ul><table><tr><td>1<td>2</table><pre>  x\n y</pre><blockquote>q</blockquote>",
    );
    const found = document.blocks.map(({ kind, start, end, level }) => [
      kind,
      level,
      document.text.slice(start, end),
    ]);
    assert.deepEqual(found, [
      ["heading", 2, "Head"],
      ["paragraph", 0, "Para"],
      ["list", 0, "a\nb"],
      ["table", 0, "1\t2"],
      ["code", 0, "  x\n y"],
      ["quote", 0, "q"],
    ]);
  });
});
