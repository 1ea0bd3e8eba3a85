import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ReadOptions } from "../../src/content/read-options.ts";
import { readPage } from "../../src/content/read-page.ts";
import { sniffFormat } from "../../src/content/sniff.ts";
import { fetchedPage, readDocument } from "./page-fixtures.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

/** Bytes, the content type they came with, and what they are. */
const sniffed: readonly (readonly [body: string, contentType: string, is: string])[] = [
  ["<!doctype html><p>x", "text/html", "html"],
  ["<p>just a fragment", "text/html; charset=utf-8", "html"],
  ["", "text/html", "html"],
  ["\n <!-- c --><!DOCTYPE html><p>x", "text/plain", "html"],
  ["<html><p>x", "application/octet-stream", "html"],
  ["<div>x</div>", "", "html"],
  ["<!doctype html>", "application/json", "html"],
  ["<?xml version='1.0'?><!DOCTYPE html><html>", "application/xhtml+xml", "html"],
  ["<?xml version='1.0'?><html xmlns='x'>", "application/xml", "html"],
  ["<?xml version='1.0'?><rss>", "application/rss+xml", "xml"],
  ["<?xml version='1.0'?><rss>", "text/html", "xml"],
  ["<feed xmlns='x'>", "", "xml"],
  ['{"a": 1}', "application/json; charset=utf-8", "json"],
  ['{"a": 1}', "application/ld+json", "json"],
  ['[{"a": 1}]', "application/octet-stream", "json"],
  ["plain words", "text/plain", "text"],
  ["# markdown", "text/markdown", "text"],
  ["a,b\n1,2", "text/csv", "text"],
  ["plain words", "application/octet-stream", "text"],
  ["use <b>bold</b> like this", "text/plain", "text"],
  ["MZ is how it begins, in plain words", "text/plain", "text"],
  ["%PDF-1.7\n", "text/html", "pdf"],
  ["\n\n%PDF-1.7\n", "application/octet-stream", "pdf"],
  ["<p>%PDF-1.7 is how they begin</p>", "text/html", "html"],
  ["h\0e\0l\0l\0o\0 \0y\0o\0u\0", "text/plain", "text"],
  ["<p>a\0b</p>", "text/html", "html"],
  ["\x89PNG\r\n\x1a\n\0\0", "text/html", "image/png"],
  ["\xff\xd8\xff\xe0\0", "image/jpeg", "image/jpeg"],
  ["RIFF\x01\0\0\0WEBPVP8", "", "image/webp"],
  ["\0\0\0\x18ftypmp42\0", "text/html", "video/mp4"],
  ["PK\x03\x04\x14\0", "text/html", "application/zip"],
  [
    "PK\x03\x04\x14\0",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
  ],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0", "application/msword", "application/msword"],
  ["\x1f\x8b\x08\0", "", "application/gzip"],
  ["\x01\x02\0\xff\xfe\x03", "text/html", "text/html"],
  ["\x01\x02\0\xff\xfe\x03", "", "application/octet-stream"],
  ["<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml", "image/svg+xml"],
  ["body { color: red }", "text/css", "text/css"],
  ["alert(1)", "text/javascript", "text/javascript"],
  ["words", "application/msword", "application/msword"],
];

describe("formats", () => {
  for (const [body, contentType, is] of sniffed) {
    it(`finds ${is} in ${JSON.stringify(body.slice(0, 30))} sent as ${contentType || "nothing"}`, () => {
      const found = sniffFormat(bytes(body), contentType);
      assert.equal(found.kind === "format" ? found.format : found.contentType, is);
    });
  }

  it("gives the content type of what it cannot read", async () => {
    const outcome = await readPage(
      fetchedPage(bytes("\x89PNG\r\n\x1a\n"), { contentType: "text/html" }),
      ReadOptions.parse({}),
    );
    assert.deepEqual(outcome, { kind: "unsupported", contentType: "image/png" });
  });

  it("reads plain text by paragraphs", async () => {
    const { document } = await readDocument(
      "\ufeffTitle line\r\nmore\r\n\r\n  second * one\r\n \r\n\r\nthird\r\n",
      { contentType: "text/plain" },
    );
    assert.equal(document.title, "Title line");
    assert.equal(document.text, "Title line\nmore\n\n  second * one\n \n\nthird");
    assert.deepEqual(
      document.blocks.map(({ start, end }) => document.text.slice(start, end)),
      ["Title line\nmore", "second * one", "third"],
    );
    assert.equal(document.format, "text");
  });

  it("reads JSON as indented code, and broken JSON as it stands", async () => {
    const { document } = await readDocument('{"name":"Jürgen","list":[1,2]}', {
      contentType: "application/json",
      url: "https://example.org/api/data%20set.json?x=1",
    });
    assert.equal(document.text, '{\n  "name": "Jürgen",\n  "list": [\n    1,\n    2\n  ]\n}');
    assert.equal(document.markdown, `\`\`\`json\n${document.text}\n\`\`\``);
    assert.equal(document.title, "data set.json");
    const broken = await readDocument('{"a":', { contentType: "application/json" });
    assert.equal(broken.document.text, '{"a":');
  });

  it("reads a feed as an item a heading, with its links", async () => {
    const { document, links } = await readDocument(
      `<?xml version="1.0" encoding="utf-8"?><rss xmlns:dc="d"><channel><title>Tides</title><link>https://example.org/</link><description>About tides</description><language>en-gb</language>
      <item><title>High &amp; low</title><link>/high</link><link>https://example.org/high#x</link><description><![CDATA[<p>Water <b>rises</b>.</p>]]></description></item>
      <item><title>Ebb</title><guid>https://example.org/ebb</guid><description>&lt;p&gt;Falls&lt;/p&gt;</description></item></channel></rss>`,
      { contentType: "application/rss+xml" },
    );
    assert.equal(document.title, "Tides");
    assert.equal(document.description, "About tides");
    assert.equal(document.language, "en-GB");
    assert.deepEqual(
      document.blocks
        .filter(({ kind }) => kind === "heading")
        .map(({ start, end }) => document.text.slice(start, end)),
      ["High & low", "Ebb"],
    );
    assert.match(document.text, /Water rises\.[\s\S]*Falls/);
    assert.deepEqual(
      links.map(({ url, text }) => [url, text]),
      [
        ["https://example.org/", ""],
        ["https://example.org/high", "High & low"],
        ["https://example.org/ebb", "Ebb"],
      ],
    );
  });

  it("reads Atom", async () => {
    const { document, links } = await readDocument(
      '<feed xmlns="http://www.w3.org/2005/Atom"><title>Log</title><updated>2024-02-03T00:00:00Z</updated><entry><title>One</title><link href="/one"/><link rel="edit" href="/edit"/><summary>Text</summary></entry></feed>',
      { contentType: "application/atom+xml" },
    );
    assert.equal(document.title, "Log");
    assert.equal(document.publishedAt, "2024-02-03T00:00:00Z");
    assert.equal(document.text, "One\n\nText");
    assert.deepEqual(
      links.map(({ url }) => url),
      ["https://example.org/one"],
    );
  });

  it("expands no entity of XML", async () => {
    const layers = Array.from({ length: 20 }, (_, i) => `<!ENTITY l${i + 1} "${`&l${i};`.repeat(20)}">`).join(
      "",
    );
    const { document } = await readDocument(
      `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">${layers}]><x>&l20; fine</x>`,
      { contentType: "text/xml" },
    );
    assert.ok(document.text.length < 20_000);
    assert.ok(document.text.endsWith("fine"));
  });

  it("reads a PDF by pages, with its title and author", async () => {
    const { document, signals } = await readDocument(pdf(["Hello tides", "Second page"]), {
      contentType: "text/html",
      url: "https://example.org/paper",
    });
    assert.equal(document.format, "pdf");
    assert.equal(document.title, "On Tides");
    assert.equal(document.author, "Ann Lee");
    assert.equal(document.publishedAt, "2024-01-31");
    assert.equal(document.text, "Hello tides\n\nSecond page");
    assert.equal(document.blocks.length, 2);
    assert.equal(signals.isTruncated, false);
  });

  it("reads no more pages of a PDF than it may", async () => {
    const { document, signals } = await readDocument(pdf(["One", "Two"]), { caps: { maxPdfPages: 1 } });
    assert.equal(document.text, "One");
    assert.equal(signals.isTruncated, true);
  });

  it("calls a broken or locked PDF unreadable", async () => {
    for (const [body, detail] of [
      ["%PDF-1.7\nnothing of the kind", /broken/],
      [pdf(["x"], true), /password/],
    ] as const) {
      const outcome = await readPage(fetchedPage(body), ReadOptions.parse({}));
      assert.equal(outcome.kind, "unreadable");
      assert.match(outcome.kind === "unreadable" ? outcome.detail : "", detail);
    }
  });
});

/** The smallest PDF that holds a line of text on each page. A locked one names an encryption whose keys nobody has. */
function pdf(pages: readonly string[], isLocked = false): Uint8Array {
  const kids = pages.map((_, i) => `${5 + i * 2} 0 R`).join(" ");
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    "<< /Title (On Tides) /Author (Ann Lee) /CreationDate (D:20240131120000Z) >>",
  ];
  for (const [i, text] of pages.entries()) {
    const stream = `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${6 + i * 2} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    );
  }
  const key = "41".repeat(32);
  if (isLocked) objects.push(`<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <${key}> /U <${key}> >>`);
  let file = "%PDF-1.4\n";
  const offsets = objects.map((object, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const lock = isLocked ? ` /Encrypt ${objects.length} 0 R /ID [<${key}> <${key}>]` : "";
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join("")}`;
  return bytes(
    `${file}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 4 0 R${lock} >>\nstartxref\n${start}\n%%EOF`,
  );
}
