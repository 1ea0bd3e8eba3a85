import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { serveGeneratedSite } from "../sites/generated-site.ts";
import { serveSite } from "../sites/static-site.ts";
import { forager, jsonLines, startForager, temporaryFolder } from "./run-forager.ts";

describe("the command line", () => {
  it("prints help and ends with 2 when nothing is asked of it", async () => {
    const { code, out } = await forager();
    assert.equal(code, 2);
    assert.match(out, /Commands:\n +crawl .*<url\.\.\.>/);
  });

  it("shows every command's flags with --help and ends with 0", async () => {
    const { code, out } = await forager("crawl", "--help");
    assert.equal(code, 0);
    for (const flag of [
      "--max-pages",
      "--max-depth",
      "--include",
      "--embed",
      "--tier",
      "--storage-state",
      "--no-robots",
      "--no-sitemaps",
      "--json",
      "--data-dir",
    ]) {
      assert.ok(out.includes(flag), `${flag} is missing`);
    }
  });

  const wrong: readonly [string, readonly string[], RegExp][] = [
    ["a typo in a flag", ["crawl", "http://127.0.0.1:1/", "--max-page", "3"], /Did you mean --max-pages/],
    ["a typo in a command", ["crwal", "http://127.0.0.1:1/"], /Did you mean crawl/],
    ["a missing address", ["crawl"], /missing required argument 'url'/],
    ["a number that is none", ["crawl", "http://127.0.0.1:1/", "--max-pages", "many"], /--max-pages/],
    ["a value out of a choice", ["crawl", "http://127.0.0.1:1/", "--embed", "some"], /lead, all, later, off/],
    ["an address that is none", ["crawl", "http://"], /http:\/\//],
    ["another scheme", ["crawl", "ftp://example.org/"], /ftp/],
    ["a filter that is none", ["search", "x", "--filter", "colour=red"], /give url=, host=/],
    ["a file of queries that is not there", ["search", "--queries-file", "/nowhere"], /\/nowhere/],
    ["an empty question", ["ask"], /--queries-file/],
    ["a file without a query", ["ask", "--queries-file", "/dev/null"], /holds no query/],
    ["a query that is a book", ["search", "word ".repeat(5_000)], /too many; ask in 4000 or fewer/],
    ["no passages asked for", ["search", "x", "-k", "0"], /-k: .*>=1/],
    ["a letter for a number", ["search", "x", "-k", "x"], /-k: not a number/],
  ];
  for (const [what, words, message] of wrong) {
    it(`answers ${what} with 2 and what to do`, async () => {
      await using folder = await temporaryFolder();
      const { code, out, err } = await forager(...words, "--data-dir", folder.path);
      assert.equal(code, 2, err);
      assert.match(err, message);
      assert.equal(out, "");
    });
  }

  it("says how to make an index where there is none", async () => {
    await using folder = await temporaryFolder();
    const { code, err } = await forager("search", "anything", "--data-dir", join(folder.path, "none"));
    assert.equal(code, 1);
    assert.match(err, /There is no index in .*forager crawl URL/);
  });

  it("names the host that does not answer, and ends with 1", async () => {
    await using folder = await temporaryFolder();
    const { code, out, err } = await forager(
      "crawl",
      "http://127.0.0.1:1/",
      "--max-attempts",
      "1",
      "--data-dir",
      folder.path,
      "--embed",
      "off",
      "--json",
    );
    assert.equal(code, 1);
    assert.deepEqual(
      jsonLines(out).map(({ pages, failures }) => ({ pages, failures })),
      [{ pages: 0, failures: { network: 1 } }],
    );
    assert.match(err, /^http:\/\/127\.0\.0\.1:1\/: network: No whole answer.*ECONNREFUSED/m);
    const exported = await forager("export", "--include-failed", "--data-dir", folder.path);
    assert.match(String(jsonLines(exported.out)[0]?.["detail"]), /127\.0\.0\.1:1/);
  });

  it("counts the known URLs that a page limit leaves waiting, says how to go on, and goes on so", async () => {
    await using folder = await temporaryFolder();
    const paths = Array.from({ length: 10 }, (_, at) => `/${at}`);
    await using site = await serveSite({
      ...Object.fromEntries(paths.map((path) => [path, page(path)])),
      "/": paths.map((path) => `<a href="${path}">${path}</a>`).join(" ") + page("/"),
    });
    const crawl = async (...more: readonly string[]) =>
      (await forager("crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off", ...more)).out;
    const limited = await crawl("--max-pages", "3", "--no-sitemaps");
    const pages = Number(/Crawled (\d+) pages/.exec(limited)?.[1]);
    assert.match(limited, new RegExp(`^${11 - pages} more known URLs wait: .* higher --max-pages`, "m"));
    assert.ok(pages < 11);
    const [whole] = jsonLines(await crawl("--max-pages", "50", "--no-sitemaps", "--json"));
    assert.deepEqual([whole?.["pages"], whole?.["waiting"]], [11, 0]);
  });

  it("refuses a folder that is a file, naming it", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "file");
    await writeFile(file, "");
    const { code, err } = await forager("crawl", "http://127.0.0.1:1/", "--data-dir", file);
    assert.equal(code, 1);
    assert.ok(err.includes(file), err);
  });

  it("crawls, searches, asks and exports what it found, as JSON lines alone on standard output", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 40, seed: 3 });
    const at = ["--data-dir", folder.path, "--json"];
    const crawled = await forager("crawl", `${site.origin}/`, ...at, "--embed", "lead");
    assert.equal(crawled.code, 0, crawled.err);
    const [summary] = jsonLines(crawled.out);
    assert.deepEqual(Object.keys(summary ?? {}), [
      "pages",
      "failed",
      "skipped",
      "waiting",
      "documents",
      "chunks",
      "bytes",
      "durationMs",
      "tiers",
      "failures",
      "embedded",
      "toEmbed",
    ]);
    assert.equal(summary?.["documents"], site.documents.length);
    assert.deepEqual(summary?.["tiers"], { http: site.documents.length });

    const [fact] = site.facts;
    assert.ok(fact);
    const searched = jsonLines((await forager("search", fact.question, "-k", "3", ...at)).out);
    const hits = (searched[0]?.["hits"] ?? []) as { readonly url: string }[];
    assert.equal(hits[0]?.url, `${site.origin}${fact.path}`);

    const queries = join(folder.path, "queries.jsonl");
    await writeFile(
      queries,
      site.facts
        .slice(0, 3)
        .map(({ question }, id) => JSON.stringify({ id, query: question }))
        .join("\n"),
    );
    const answers = jsonLines((await forager("ask", "--queries-file", queries, ...at)).out);
    assert.deepEqual(
      answers.map(({ id }) => id),
      ["0", "1", "2"],
    );
    const documents = new Map(
      jsonLines((await forager("export", ...at)).out).map((document) => [
        document["url"],
        String(document["text"]),
      ]),
    );
    assert.deepEqual(
      [...documents.keys()].toSorted(byText),
      site.documents.map((path) => site.origin + path).toSorted(byText),
    );
    for (const [i, answer] of answers.entries()) {
      assert.ok(
        String(answer["answer"]).includes(site.facts[i]?.answer ?? "?"),
        `${site.facts[i]?.question}: ${String(answer["answer"])}`,
      );
      for (const citation of answer["citations"] as {
        url: string;
        quote: string;
        start: number;
        end: number;
      }[]) {
        assert.equal(documents.get(citation.url)?.slice(citation.start, citation.end), citation.quote);
      }
    }
    const status = jsonLines((await forager("status", ...at)).out)[0];
    const runs = status?.["runs"] as { state: string }[] | undefined;
    assert.equal(runs?.[0]?.state, "finished");
  });

  it("goes without a browser where none can be run, and says once what that costs and what to do", async () => {
    await using folder = await temporaryFolder();
    const app = '<div id="root"></div><script src="/app.js"></script>';
    await using site = await serveSite({
      "/": '<p>Home of the lamps.</p><a href="/a">a</a><a href="/b">b</a>',
      "/a": app,
      "/b": app,
    });
    const words = ["crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off", "--json"];
    const environment = { FORAGER_CHROMIUM: "/nowhere/chromium" };
    const { code, out, err } = await startForager(words, { environment }).ended;
    assert.equal(code, 0, err);
    assert.deepEqual(jsonLines(out)[0]?.["failures"], { "needs browser": 2 });
    assert.equal(
      err.match(/2 pages need a browser: .*\/nowhere\/chromium.*FORAGER_CHROMIUM/g)?.length,
      1,
      err,
    );
    const doctor = await startForager(["doctor", "--data-dir", folder.path], { environment }).ended;
    assert.match(doctor.out, /missing {2}Chromium: .*\/nowhere\/chromium/);
  });

  it("forgets nothing for a wrong address", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite({ "/": "<p>Home of the lamps.</p>" });
    const at = ["--data-dir", folder.path];
    await forager("crawl", `${site.origin}/`, "--embed", "off", ...at);
    assert.equal((await forager("crawl", "ftp://example.org/", "--fresh", ...at)).code, 2);
    assert.equal(jsonLines((await forager("export", ...at)).out).length, 1);
  });

  it("scrapes to each format, failures as lines too", async () => {
    await using site = await serveSite({
      "/": '<title>T</title><main><h1>One</h1><p>Two <a href="/b">three</a>.</p></main>',
    });
    const { code, out } = await forager("scrape", `${site.origin}/`, `${site.origin}/gone`, "--json");
    assert.equal(code, 0);
    const [page, gone] = jsonLines(out);
    assert.equal(page?.["status"], "ok");
    assert.equal(page?.["content"], `# One\n\nTwo [three](${site.origin}/b).`);
    assert.equal(page?.["markdown"], page?.["content"]);
    assert.equal(gone?.["status"], "failed");
    assert.equal(gone?.["httpStatus"], 404);
    assert.equal((gone?.["error"] as { code: string } | undefined)?.code, "http 404");
    const links = await forager("scrape", `${site.origin}/`, "--format", "links");
    assert.equal(links.out.trim(), `${site.origin}/b`);
    const html = await forager("scrape", `${site.origin}/`, "--format", "html");
    assert.match(html.out, /<h1>One<\/h1>/);
  });

  it("stops at the first Ctrl-C with what it has and 130, and goes on from there", async () => {
    await using folder = await temporaryFolder();
    const goOn = Promise.withResolvers<void>();
    // Some pages more, and then none until it has stopped, however long the signal takes.
    const gate = () => (site.requests.length > 60 ? goOn.promise : undefined);
    await using site: Awaited<ReturnType<typeof serveGeneratedSite>> = await serveGeneratedSite({
      pages: 120,
      seed: 4,
      latencyMs: 20,
      gate,
    });
    const words = ["crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off", "--json"];
    const { child, ended } = startForager(words);
    while (site.requests.length < 40) await delay(5);
    child.kill("SIGINT");
    const stopped = await ended;
    goOn.resolve();
    assert.equal(stopped.code, 130, stopped.err);
    assert.match(stopped.err, /same command again/);
    const [partial] = jsonLines(stopped.out);
    assert.ok(Number(partial?.["pages"]) > 0 && Number(partial?.["pages"]) < 120);
    const again = await forager(...words);
    assert.equal(again.code, 0, again.err);
    assert.equal(jsonLines(again.out)[0]?.["documents"], site.documents.length);
  });

  it("leaves at once at the second Ctrl-C", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite(async () => {
      await delay(5_000, undefined, { ref: false });
      return "late";
    });
    const { child, ended } = startForager([
      "crawl",
      `${site.origin}/`,
      "--data-dir",
      folder.path,
      "--embed",
      "off",
    ]);
    while (site.requests.length === 0) await delay(5);
    child.kill("SIGINT");
    await delay(100); // two at once are one to the kernel
    child.kill("SIGINT");
    const { code, signal, err } = await ended;
    // The first may have been enough by then: a process on its way out has no ear for the second.
    assert.ok(code === 130 || signal === "SIGINT", err);
  });

  it("tells a second writer who has the folder, while readers may look", async () => {
    await using folder = await temporaryFolder();
    const goOn = Promise.withResolvers<void>();
    await using site = await serveGeneratedSite({
      pages: 12,
      seed: 5,
      gate: ({ url }) => (/page-\d/.test(url) ? goOn.promise : undefined),
    });
    const words = ["crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off"];
    const first = startForager(words);
    while (site.requests.length < 3) await delay(5);
    const second = await forager(...words);
    assert.equal(second.code, 1);
    assert.match(second.err, new RegExp(`in use by .*${first.child.pid}`));
    assert.equal((await forager("status", "--data-dir", folder.path)).code, 0);
    goOn.resolve();
    assert.equal((await first.ended).code, 0);
  });

  it("looks for changes when a crawl that finished is run again", async () => {
    await using folder = await temporaryFolder();
    let edition = 1;
    await using site = await serveSite(({ url }) => {
      if (url === "/") return '<p>Home of the lamps.</p><a href="/a">a</a><a href="/b">b</a>';
      if (url === "/a") return `<p>Edition ${edition} of this page.</p>`;
      if (url === "/b") return edition === 1 ? "<p>Soon to be gone.</p>" : undefined;
      return undefined;
    });
    const words = ["crawl", `${site.origin}/`, "--data-dir", folder.path, "--embed", "off", "--json"];
    assert.equal(jsonLines((await forager(...words)).out)[0]?.["documents"], 3);
    edition = 2;
    const before = site.requests.length;
    const again = jsonLines((await forager(...words)).out)[0];
    assert.equal(again?.["documents"], 2);
    assert.ok(
      site.requests.slice(before).some((request) => request.headers["if-none-match"] !== undefined),
      "no conditional request was made",
    );
    const exported = jsonLines((await forager("export", "--data-dir", folder.path)).out);
    assert.deepEqual(
      exported.map(({ text }) => text).toSorted(byText),
      ["Edition 2 of this page.", "Home of the lamps.\n\nab"].toSorted(byText),
    );
  });

  it("reads options from a file and the environment, flags first", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveGeneratedSite({ pages: 30, seed: 6 });
    const file = join(folder.path, "options.json");
    await writeFile(file, JSON.stringify({ crawl: { maxPages: 3, embed: "off" } }));
    const at = ["--config", file, "--json", "--data-dir"];
    const fromFile = await forager("crawl", `${site.origin}/`, ...at, join(folder.path, "a"));
    assert.equal(jsonLines(fromFile.out)[0]?.["pages"], 3);
    const fromFlag = await forager(
      "crawl",
      `${site.origin}/`,
      ...at,
      join(folder.path, "b"),
      "--max-pages",
      "5",
    );
    assert.equal(jsonLines(fromFlag.out)[0]?.["pages"], 5);
    const { ended } = startForager(["crawl", `${site.origin}/`, ...at, join(folder.path, "c")], {
      environment: { FORAGER_CRAWL_MAX_PAGES: "4" },
    });
    assert.equal(jsonLines((await ended).out)[0]?.["pages"], 4);
    await writeFile(file, "{");
    assert.match((await forager("crawl", `${site.origin}/`, "--config", file)).err, /is not JSON/);
  });
});

function byText(one: unknown, other: unknown): number {
  return String(one) < String(other) ? -1 : 1;
}

/** A page of a made-up site. */
function page(path: string): string {
  return `<h1>Page ${path}</h1><p>The page ${path} is about lamp ${path}.</p>`;
}
