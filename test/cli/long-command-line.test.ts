import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { serveSite } from "../sites/static-site.ts";
import { forager, jsonLines, temporaryFolder } from "./run-forager.ts";

describe("a command line of many addresses", () => {
  it("is crawled and embedded like a short one", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite(() => "<p>One page of lamps.</p>");
    const seeds = Array.from({ length: 600 }, (_, i) => `${site.origin}/?utm_source=${"x".repeat(20)}${i}`);
    const { code, out, err } = await forager("crawl", ...seeds, "--data-dir", folder.path, "--json");
    assert.equal(code, 0, err);
    assert.equal(jsonLines(out)[0]?.["embedded"], 1);
  });
});
