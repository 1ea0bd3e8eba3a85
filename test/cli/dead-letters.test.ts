import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { forager, jsonLines, temporaryFolder } from "./run-forager.ts";

const page = (text: string) => `<html><title>${text}</title><body><p>${`${text}. `.repeat(20)}</p>`;

/** A site of two pages, one of which is there only once it is mended. */
async function serveBrokenSite() {
  let isMended = false;
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    if (request.url === "/") response.end(`${page("The start")}<a href="/broken">on</a>`);
    else if (request.url === "/broken" && isMended) response.end(page("Mended"));
    else response.writeHead(404).end(page("Nothing here"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    start: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    mend: () => (isMended = true),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe("forager dead-letters", () => {
  it("C13: keeps a page that failed with its reason; replayed after a mend, the crawl brings it", async () => {
    await using site = await serveBrokenSite();
    await using folder = await temporaryFolder();
    const where = ["--data-dir", folder.path, "--json"];
    const crawl = ["crawl", site.start, "--embed", "off", ...where];
    const first = jsonLines((await forager(...crawl)).out)[0];
    assert.deepEqual(first?.["failures"], { "http 404": 1 });

    const [letter] = jsonLines((await forager("dead-letters", "list", ...where)).out);
    assert.equal(letter?.["what"], `${site.start}broken`);
    assert.equal(letter["reason"], "http 404");
    const id = String(letter["id"]);
    assert.deepEqual(jsonLines((await forager("dead-letters", "show", id, ...where)).out), [letter]);

    site.mend();
    assert.deepEqual(jsonLines((await forager("dead-letters", "replay", id, ...where)).out), [
      { replayed: 1 },
    ]);
    const { out, err } = await forager(...crawl);
    const second = jsonLines(out)[0];
    assert.deepEqual([second?.["pages"], second?.["failed"]], [2, 0], err);
    assert.equal((await forager("dead-letters", "list", ...where)).out, "");
  });

  it("C13: purges what is not wanted: it counts as skipped then, and is listed no more", async () => {
    await using site = await serveBrokenSite();
    await using folder = await temporaryFolder();
    const where = ["--data-dir", folder.path, "--json"];
    await forager("crawl", site.start, "--embed", "off", ...where);
    assert.deepEqual(jsonLines((await forager("dead-letters", "purge", "--all", ...where)).out), [
      { purged: 1 },
    ]);
    const listed = await forager("dead-letters", "list", "--data-dir", folder.path);
    assert.deepEqual([listed.out, listed.err], ["", "There are no dead letters.\n"]);
  });

  it("says what is wrong with an id, and what to do", async () => {
    await using folder = await temporaryFolder();
    const missing = await forager("dead-letters", "replay", "--data-dir", folder.path);
    assert.equal(missing.code, 2);
    assert.match(missing.err, /give the ids .*or --all/);
    await using site = await serveBrokenSite();
    await forager("crawl", site.start, "--embed", "off", "--data-dir", folder.path);
    for (const [id, message] of [
      ["7", /looks like page-7 or task-12/],
      ["page-99", /there is none/],
    ] as const) {
      const shown = await forager("dead-letters", "show", id, "--data-dir", folder.path);
      assert.equal(shown.code, 2);
      assert.match(shown.err, message);
    }
    const { err } = await forager("dead-letters", "replay", "task-5", "--data-dir", folder.path);
    assert.match(err, /"task-5": there is none/);
  });
});
