import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { judgePage } from "../../src/agents/judge-page.ts";
import type { FetchedPage, PageDocument, PageSignals, ReadOutcome, VerdictKind } from "../../src/document.ts";

const page = (over: Partial<FetchedPage> = {}): FetchedPage => ({
  requestedUrl: "https://example.org/a",
  finalUrl: "https://example.org/a",
  httpStatus: 200,
  headers: {},
  body: new Uint8Array(1),
  wireBytes: 0,
  tier: "http",
  rendered: false,
  fetchedAt: 0,
  ...over,
});

const read = (title: string, text: string, signals: Partial<PageSignals> = {}): ReadOutcome => ({
  kind: "document",
  document: { title, text, markdown: text } as PageDocument,
  links: [],
  signals: {
    textLength: text.length,
    fullTextLength: text.length,
    links: 0,
    scripts: 0,
    passwordFields: 0,
    hasEmptyAppRoot: false,
    noscriptText: "",
    wallMarks: [],
    consentMarks: [],
    refreshUrl: "",
    isNoindex: false,
    isNofollow: false,
    isTruncated: false,
    ...signals,
  },
});

const prose = "Lamps burn oil. ".repeat(200);

describe("judging a page", () => {
  const cases: readonly [string, FetchedPage, ReadOutcome, VerdictKind][] = [
    ["a plain page is ok", page(), read("Lamps", prose), "ok"],
    ["a page of three words is ok: brevity is no evidence", page(), read("", "It works today."), "ok"],
    [
      "a short page with scripts and text of its own is ok",
      page(),
      read("Hi", "Hello there, all.", { scripts: 3 }),
      "ok",
    ],
    ["an article about 404 errors is ok", page(), read("404 errors and what to do about them", prose), "ok"],
    [
      "a long page with a login box is ok",
      page(),
      read("Sign in or read on", prose, { passwordFields: 1 }),
      "ok",
    ],
    [
      "a sign-up hint in an article's recaptcha is ok",
      page(),
      read("Lamps", prose, { wallMarks: ["recaptcha"] }),
      "ok",
    ],
    [
      "an empty application root is a shell",
      page(),
      read("App", "", { hasEmptyAppRoot: true, scripts: 1 }),
      "shell",
    ],
    [
      "a page that asks for JavaScript is a shell",
      page(),
      read("App", "", { noscriptText: "You need to enable JavaScript to run this app.", scripts: 1 }),
      "shell",
    ],
    ["scripts without any text are a shell", page(), read("", "", { scripts: 2 }), "shell"],
    [
      "a rendered page without text is empty, not a shell",
      page({ rendered: true }),
      read("", "", { scripts: 2 }),
      "empty",
    ],
    ["a page of nothing is empty", page(), read("", ""), "empty"],
    [
      "200 with a not-found title is a soft 404",
      page(),
      read("Page not found", "Sorry, we looked everywhere."),
      "soft-404",
    ],
    ["200 with a 404 title is a soft 404", page(), read("404 - Example", "Nothing here."), "soft-404"],
    [
      "a sign-in form and little else is a login",
      page(),
      read("Log in", "User Password", { passwordFields: 1 }),
      "login",
    ],
    [
      "a form at /login is a login",
      page({ finalUrl: "https://example.org/login?next=a" }),
      read("Example", "User Password", { passwordFields: 1 }),
      "login",
    ],
    [
      "a wall with a vendor's mark is blocked",
      page(),
      read("Just a moment...", "", { wallMarks: ["cloudflare"] }),
      "blocked",
    ],
    [
      "403 with a vendor's mark is blocked",
      page({ httpStatus: 403 }),
      read("Denied", prose, { wallMarks: ["akamai"] }),
      "blocked",
    ],
    [
      "a bare 403 may open to a browser",
      page({ httpStatus: 403 }),
      read("Forbidden", "Forbidden"),
      "blocked",
    ],
    ["429 is a busy host", page({ httpStatus: 429 }), read("", ""), "rate-limited"],
    ["503 is a busy host", page({ httpStatus: 503 }), read("", ""), "rate-limited"],
    ["401 asks for a login", page({ httpStatus: 401 }), read("", ""), "login"],
    ["404 is an HTTP error", page({ httpStatus: 404 }), read("Not found", "Not found"), "http-error"],
    [
      "a consent wall is one",
      page(),
      read("Before you go on", "Accept", { consentMarks: ["onetrust"] }),
      "consent",
    ],
    ["a picture is unsupported", page(), { kind: "unsupported", contentType: "image/png" }, "unsupported"],
  ];
  for (const [name, fetched, outcome, expected] of cases) {
    it(name, () => assert.equal(judgePage(fetched, outcome).kind, expected));
  }

  it("sends no page without a single byte to a browser", () => {
    const verdict = judgePage(page({ body: new Uint8Array(), httpStatus: 204 }), read("", ""));
    assert.deepEqual([verdict.kind, verdict.isFinal], ["empty", true]);
  });
});
