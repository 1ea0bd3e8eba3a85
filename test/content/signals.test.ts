import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PageSignals } from "../../src/document.ts";
import { readDocument } from "./page-fixtures.ts";

const filler = `<p>${"Plenty of ordinary words about tides. ".repeat(150)}</p>`;

/** Pages and the wall marks they carry. */
const walls: readonly (readonly [name: string, html: string, marks: readonly string[]])[] = [
  [
    "Cloudflare's challenge",
    '<title>Just a moment...</title><script>window._cf_chl_opt={cvId:"3"}</script>',
    ["cloudflare"],
  ],
  [
    "Cloudflare's script on a page let through",
    '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script><p>Hello</p>',
    [],
  ],
  [
    "Incapsula's frame",
    '<iframe src="/_Incapsula_Resource?CWUDNSAI=9&incident_id=1">Request unsuccessful.</iframe>',
    ["incapsula"],
  ],
  [
    "Incapsula's empty challenge",
    '<html><head><script src="/_Incapsula_Resource?SWJIYLWA=7"></script></head><body></body></html>',
    ["incapsula"],
  ],
  [
    "Incapsula's script on a page let through",
    '<script src="/_Incapsula_Resource?SWJIYLWA=7"></script><p>Hello</p>',
    [],
  ],
  ["PerimeterX", '<div id="px-captcha"></div><p>Press & hold</p>', ["perimeterx"]],
  ["DataDome", '<script src="https://ct.captcha-delivery.com/c.js"></script>', ["datadome"]],
  [
    "DataDome's script on a page let through",
    '<script src="https://js.datadome.co/tags.js"></script><p>Hello</p>',
    [],
  ],
  [
    "Akamai's refusal",
    "<title>Access Denied</title><h1>Access Denied</h1><p>You don't have permission. Reference #18.2d351ab8.1557333295.a4e16ab</p>",
    ["akamai"],
  ],
  [
    "an article on refusals",
    `<title>Access Denied: a history</title>${filler}<p>Reference #18.2d351ab8.1557333295</p>`,
    [],
  ],
  [
    "AWS WAF",
    '<script>window.gokuProps = {"key":"x"};</script><div id="challenge-container"></div>',
    ["aws-waf"],
  ],
  [
    "a form that is only a captcha",
    '<form action="/go"><div class="g-recaptcha" data-sitekey="x"></div><input type="hidden" name="r"><input type="submit"></form>',
    ["captcha"],
  ],
  [
    "a login form with a captcha",
    '<form><input name="user"><input type="password"><div class="g-recaptcha"></div></form>',
    [],
  ],
  ["a short page", "<p>Hi.</p>", []],
  ["an empty page", "", []],
];

const consents: readonly (readonly [name: string, html: string, isMarked: boolean])[] = [
  [
    "a consent form and nothing else",
    '<form action="https://consent.example.org/save"><p>Before you continue we use cookies</p><button>Reject</button></form>',
    true,
  ],
  [
    "a consent dialog over nothing",
    `<div id="onetrust-consent-sdk"><p>${"We use cookies. ".repeat(20)}</p></div>`,
    true,
  ],
  [
    "a consent dialog over an article",
    `<div id="onetrust-consent-sdk"><p>We use cookies, and we ask you whether that is fine.</p></div><main>${filler.slice(0, 2_000)}</main>`,
    false,
  ],
];

const refreshes: readonly (readonly [content: string, url: string])[] = [
  ["0;url=/next", "https://example.org/next"],
  ["5; URL='../up'", "https://example.org/up"],
  ['3,url="https://other.example/"', "https://other.example/"],
  ["0; /bare", "https://example.org/bare"],
  ["1.5; url=x", "https://example.org/docs/x"],
  ["6;url=/late", ""],
  ["5", ""],
  ["0;url=javascript:alert(1)", ""],
];

const robots: readonly (readonly [header: string, isNoindex: boolean, isNofollow: boolean])[] = [
  ["noindex", true, false],
  ["NONE", true, true],
  ["noarchive, nofollow", false, true],
  ["googlebot: noindex, nofollow", false, false],
  ["googlebot: noindex, robots: nofollow", false, true],
  ["max-snippet: 10, noindex", true, false],
  ["unavailable_after: 25 Jun 2030 15:00:00 PST", false, false],
];

describe("signals", () => {
  for (const [name, html, marks] of walls) {
    it(`marks the wall of ${name}`, async () => {
      const { signals } = await readDocument(html);
      assert.deepEqual(signals.wallMarks, marks);
    });
  }

  for (const [name, html, isMarked] of consents) {
    it(`judges ${name}`, async () => {
      const { signals } = await readDocument(html);
      assert.equal(signals.consentMarks.length > 0, isMarked);
    });
  }

  for (const [content, url] of refreshes) {
    it(`reads the refresh ${JSON.stringify(content)}`, async () => {
      const { signals } = await readDocument(
        `<meta http-equiv="Refresh" content="${content.replaceAll('"', "&quot;")}">`,
      );
      assert.equal(signals.refreshUrl, url);
    });
  }

  for (const [header, isNoindex, isNofollow] of robots) {
    it(`reads the robots header ${JSON.stringify(header)}`, async () => {
      const { signals } = await readDocument("<p>x", { headers: { "x-robots-tag": header } });
      assert.deepEqual([signals.isNoindex, signals.isNofollow], [isNoindex, isNofollow]);
    });
  }

  it("counts what tells an application's shell from a page", async () => {
    const shell = await readDocument(
      '<body><noscript>You need to enable JavaScript.</noscript><div id="root"></div><script src="a.js"></script><script>1</script>',
    );
    const expected: Partial<PageSignals> = {
      scripts: 2,
      hasEmptyAppRoot: true,
      noscriptText: "You need to enable JavaScript.",
      textLength: 0,
      fullTextLength: 0,
    };
    for (const [key, value] of Object.entries(expected))
      assert.equal(shell.signals[key as keyof PageSignals], value, key);
    const page = await readDocument(
      '<div id="root"><p>Text</p></div><form><input type="PASSWORD"></form><div hidden><input type="password"></div>',
    );
    assert.equal(page.signals.hasEmptyAppRoot, false);
    assert.equal(page.signals.passwordFields, 1);
  });

  it("does not follow a refresh meant for readers without scripts", async () => {
    const { signals } = await readDocument(
      '<noscript><meta http-equiv="refresh" content="0;url=/nojs"></noscript>',
    );
    assert.equal(signals.refreshUrl, "");
  });
});
