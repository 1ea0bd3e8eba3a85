import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readDocument } from "./page-fixtures.ts";

const ascii = (text: string): number[] => [...Buffer.from(text, "latin1")];
const page = (head: string, text: readonly number[]): Uint8Array =>
  Uint8Array.from([...ascii(`<html><head>${head}</head><body><p>`), ...text, ...ascii("</p></body></html>")]);
const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];
const utf16 = (text: string, isBig: boolean): Uint8Array => {
  const bytes = Buffer.from(`<p>${text}</p>`, "utf16le");
  return isBig ? bytes.swap16() : bytes;
};
const meta = (label: string): string => `<meta charset="${label}">`;

const chinese = [0xd6, 0xd0, 0xce, 0xc4, 0xcd, 0xf8, 0xd2, 0xb3, 0xb5, 0xc4, 0xc4, 0xda, 0xc8, 0xdd]; // 中文网页的内容, GBK
const japanese = [0x93, 0xfa, 0x96, 0x7b, 0x8c, 0xea, 0x82, 0xcc, 0x83, 0x79, 0x81, 0x5b, 0x83, 0x57]; // 日本語のページ, Shift_JIS
const russian = [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2, 0x2c, 0x20, 0xec, 0xe8, 0xf0]; // Привет, мир, windows-1251
const quoted = [0x93, 0x63, 0x61, 0x66, 0xe9, 0x94, 0x20, 0x80]; // “café” €, windows-1252
const iso2022 = [0x1b, 0x24, 0x42, 0x46, 0x7c, 0x4b, 0x5c, 0x1b, 0x28, 0x42]; // 日本, ISO-2022-JP

interface Case {
  readonly name: string;
  readonly body: Uint8Array;
  readonly contentType?: string;
  readonly rendered?: boolean;
  readonly text: string;
}

const cases: readonly Case[] = [
  { name: "UTF-8 without any label", body: page("", utf8("naïve – 日本")), text: "naïve – 日本" },
  {
    name: "UTF-8 under a header that says ISO-8859-1",
    body: page("", utf8("naïve café")),
    contentType: "text/html; charset=ISO-8859-1",
    text: "naïve café",
  },
  {
    name: "UTF-8 under a meta that says GBK",
    body: page(meta("gbk"), utf8("中文网页的内容在这里")),
    text: "中文网页的内容在这里",
  },
  {
    name: "an unknown label, then the meta",
    body: page(meta("windows-1251"), russian),
    contentType: "text/html; charset=ISO-88509-1",
    text: "Привет, мир",
  },
  {
    name: "an unknown label and nothing else",
    body: page("", utf8("é")),
    contentType: "text/html; charset=banana",
    text: "é",
  },
  {
    name: "GBK by header",
    body: page("", chinese),
    contentType: "text/html; charset=gb2312",
    text: "中文网页的内容",
  },
  {
    name: "GBK by http-equiv",
    body: page('<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=gb2312">', chinese),
    text: "中文网页的内容",
  },
  {
    name: "GBK under a header that says UTF-8",
    body: page(meta("gbk"), chinese),
    contentType: "text/html; charset=utf-8",
    text: "中文网页的内容",
  },
  { name: "Shift_JIS by meta", body: page(meta("x-sjis"), japanese), text: "日本語のページ" },
  {
    name: "Shift_JIS that says UTF-8 twice",
    body: page(meta("utf-8"), [...japanese, ...japanese]),
    contentType: "text/html; charset=utf-8",
    text: "日本語のページ日本語のページ",
  },
  {
    name: "windows-1251 without any label",
    body: page("", [...russian, 0x20, ...russian, 0x20, ...russian]),
    text: "Привет, мир Привет, мир Привет, мир",
  },
  {
    name: "ISO-8859-1, which means windows-1252",
    body: page("", quoted),
    contentType: "text/html; charset=iso-8859-1",
    text: "“café” €",
  },
  {
    name: "ISO-2022-JP by meta, all of it ASCII bytes",
    body: page(meta("iso-2022-jp"), iso2022),
    text: "日本",
  },
  {
    name: "a UTF-8 mark over a header that says windows-1251",
    body: Uint8Array.from([0xef, 0xbb, 0xbf, ...utf8("<p>Привет</p>")]),
    contentType: "text/html; charset=windows-1251",
    text: "Привет",
  },
  {
    name: "a UTF-16 LE mark over a meta that says UTF-8",
    body: Uint8Array.from([0xff, 0xfe, ...utf16(`${meta("utf-8")}Grüße`, false)]),
    text: "Grüße",
  },
  { name: "a UTF-16 BE mark", body: Uint8Array.from([0xfe, 0xff, ...utf16("Grüße", true)]), text: "Grüße" },
  {
    name: "UTF-16 by header, without a mark",
    body: utf16("Grüße", true),
    contentType: "text/html; charset=utf-16be",
    text: "Grüße",
  },
  { name: "UTF-16 that nothing tells", body: utf16("Grüße", false), text: "Grüße" },
  {
    name: "a meta that says UTF-16 of bytes that are not",
    body: page(meta("utf-16"), utf8("Grüße")),
    text: "Grüße",
  },
  {
    name: "a meta in a comment, which does not count",
    body: page(`<!-- ${meta("windows-1251")} -->`, utf8("Grüße")),
    text: "Grüße",
  },
  {
    name: "a meta after 1024 bytes, which does not count",
    body: page(`${" ".repeat(1_100)}${meta("shift_jis")}`, quoted),
    text: "“café” €",
  },
  {
    name: "declared UTF-8 with one broken byte",
    body: page(meta("utf-8"), [...utf8("Grüße über Österreich, größtenteils schön äöü"), 0xff]),
    text: "Grüße über Österreich, größtenteils schön äöü\ufffd",
  },
  {
    name: "UTF-8 cut in the middle of a character",
    body: Uint8Array.from([...utf8("<p>Grüße 日本"), 0xe6, 0x97]),
    text: "Grüße 日本",
  },
  {
    name: "a rendered page, UTF-8 whatever its meta says",
    body: page(meta("gbk"), utf8("日本é")),
    rendered: true,
    text: "日本é",
  },
];

describe("charset", () => {
  for (const { name, body, text, ...rest } of cases) {
    it(`reads ${name}`, async () => {
      const { document } = await readDocument(body, rest);
      assert.equal(document.text, text);
    });
  }
});
