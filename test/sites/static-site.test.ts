import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, it } from "node:test";
import { serveFolder, serveSite } from "./static-site.ts";

describe("static site", () => {
  let folder = "";

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "forager-site-"));
    await mkdir(join(folder, "public", "guide"), { recursive: true });
    await mkdir(join(folder, "public", "app"));
    await writeFile(join(folder, "secret.txt"), "secret");
    await writeFile(join(folder, "public", "index.html"), "<h1>Home</h1>");
    await writeFile(join(folder, "public", "style.css"), "body {}");
    await writeFile(join(folder, "public", "guide", "index.html"), "<h1>Guide</h1>");
    await writeFile(join(folder, "public", "app", "index.html"), "<h1>Shell</h1>");
  });
  after(() => rm(folder, { recursive: true }));

  it("answers 304 to the ETag and to the date it gave, and 200 once they are out of date", async () => {
    await using site = await serveFolder(join(folder, "public"));
    const first = await fetch(`${site.origin}/`);
    assert.equal(await first.text(), "<h1>Home</h1>");
    const etag = first.headers.get("etag") ?? "";
    const modified = first.headers.get("last-modified") ?? "";
    const statusWith = async (headers: Record<string, string>) =>
      (await fetch(`${site.origin}/`, { headers })).status;
    assert.equal(await statusWith({ "if-none-match": etag }), 304);
    assert.equal(await statusWith({ "if-none-match": `"other", ${etag}` }), 304);
    assert.equal(await statusWith({ "if-modified-since": modified }), 304);
    assert.equal(await statusWith({ "if-none-match": '"other"', "if-modified-since": modified }), 200);
    assert.equal(await statusWith({ "if-modified-since": "Thu, 01 Jan 1998 00:00:00 GMT" }), 200);
  });

  it("serves directory indexes and content types, and a 404 for what is not there", async () => {
    await using site = await serveFolder(join(folder, "public"));
    const guide = await fetch(`${site.origin}/guide?page=2`);
    assert.equal(guide.url, `${site.origin}/guide/?page=2`);
    assert.equal(await guide.text(), "<h1>Guide</h1>");
    const style = await fetch(`${site.origin}/style.css`);
    assert.equal(style.headers.get("content-type"), "text/css; charset=utf-8");
    assert.equal((await fetch(`${site.origin}/nowhere`)).status, 404);
  });

  it("serves an application's shell for its routes and nowhere else", async () => {
    await using site = await serveFolder(join(folder, "public"), {
      fallbacks: { "/app/": "/app/index.html" },
    });
    assert.equal(await (await fetch(`${site.origin}/app/any/route`)).text(), "<h1>Shell</h1>");
    assert.equal((await fetch(`${site.origin}/other`)).status, 404);
  });

  for (const path of [
    "/../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "/guide/..%2f..%2fsecret.txt",
  ]) {
    it(`keeps ${path} inside the folder`, async () => {
      await using site = await serveFolder(join(folder, "public"));
      const answer = await askRaw(site.origin, path);
      assert.match(answer, /^HTTP\/1\.1 404 /);
      assert.doesNotMatch(answer, /secret$/);
    });
  }

  it("calls a malformed path a bad request", async () => {
    await using site = await serveFolder(join(folder, "public"));
    assert.match(await askRaw(site.origin, "/%zz"), /^HTTP\/1\.1 400 /);
    assert.match(await askRaw(site.origin, "/a%00b"), /^HTTP\/1\.1 400 /);
  });

  it("remembers each request", async () => {
    await using site = await serveSite({ "/page": "page" }, { latencyMs: 5 });
    await (await fetch(`${site.origin}/page`, { headers: { "x-mark": "yes" } })).text();
    assert.deepEqual(
      site.requests.map(({ method, url, headers }) => [method, url, headers["x-mark"]]),
      [["GET", "/page", "yes"]],
    );
  });

  it("keeps an answer back for the latency it was given, and closes at once while one is kept", async () => {
    const site = await serveSite(
      { "/late": "late", "/": "now" },
      { latencyMs: ({ url }) => (url === "/late" ? 600_000 : 0) },
    );
    const refused = assert.rejects(fetch(`${site.origin}/late`));
    while (site.requests.length === 0) await new Promise((next) => setTimeout(next, 2));
    assert.equal(await (await fetch(site.origin)).text(), "now");
    await site.close();
    await site.close();
    await refused;
  });
});

/** A request as written: `fetch` would tidy the path before it is sent. */
async function askRaw(origin: string, path: string): Promise<string> {
  const socket = connect(Number(new URL(origin).port), "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nhost: site\r\nconnection: close\r\n\r\n`);
  return text(socket);
}
