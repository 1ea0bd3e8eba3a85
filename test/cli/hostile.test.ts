import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { startHostileSite } from "../sites/hostile.ts";
import { serveSite } from "../sites/static-site.ts";
import { forager, jsonLines, startForager, temporaryFolder } from "./run-forager.ts";

/** What a link on the start page leads to, and what the export says of it. */
const outcomes: readonly (readonly [path: string, expected: string])[] = [
  ["/gzip", "ok"],
  ["/until-close", "ok"],
  ["/json", "ok"],
  ["/hops/9", "ok"],
  ["/missing", "failed: http 404"],
  ["/forbidden", "failed: http 403"],
  ["/soft-404", "failed: soft 404"],
  ["/login", "failed: login"],
  ["/empty", "failed: empty"],
  ["/gzip-rotten", "failed: network"],
  ["/cut-off", "failed: network"],
  ["/bad-status", "failed: network"],
  ["/reset", "failed: network"],
  ["/bomb-gzip", "failed: too large"],
  ["/bomb-nested", "failed: too large"],
  ["/huge", "failed: too large"],
  ["/huge-unannounced", "failed: too large"],
  ["/endless", "failed: too large"],
  ["/huge-headers", "failed: too large"],
  ["/picture", "skipped: unsupported type"],
  ["/setup.exe", "skipped: unsupported type"],
  ["/broken.pdf", "skipped: unsupported type"],
  ["/to-mail", "skipped: unsupported type"],
  ["/loop", "failed: redirect loop"],
  ["/loop-a", "failed: redirect loop"],
  ["/hops/11", "failed: redirect loop"],
  ["/to-canary", "failed: private address"],
  ["/to-metadata", "failed: private address"],
  ["/to-decimal", "failed: private address"],
  ["/to-localhost", "failed: private address"],
];

const html = (body: string) => ({ type: "text/html", body });
const ownPages: Readonly<Record<string, { readonly type: string; readonly body: string }>> = {
  "/json": { type: "application/json", body: '{"a":{"b":"Some text in JSON"}}' },
  "/soft-404": html("<title>Page not found</title><h1>Page not found</h1><p>Sorry.</p>"),
  "/login": html("<title>Sign in</title><form><input name=user><input type=password></form>"),
  "/empty": html(""),
  "/broken.pdf": { type: "application/pdf", body: "%PDF-1.4 and nothing more" },
};

/** Servers that never come to an end. */
const slow = ["/slow-headers", "/slow-body", "/drip"];
const shortTimes = {
  FORAGER_HTTP_FIRST_BYTE_TIMEOUT_MS: "1500",
  FORAGER_HTTP_IDLE_TIMEOUT_MS: "700",
  FORAGER_HTTP_TOTAL_TIMEOUT_MS: "3000",
  FORAGER_CRAWL_MAX_ATTEMPTS: "1",
};

/** The caps are a tenth of the usual; time there is for any machine. */
const smallCaps = {
  FORAGER_HTTP_FIRST_BYTE_TIMEOUT_MS: "60000",
  FORAGER_HTTP_IDLE_TIMEOUT_MS: "60000",
  FORAGER_HTTP_TOTAL_TIMEOUT_MS: "60000",
  FORAGER_HTTP_MAX_WIRE_BYTES: "2000000",
  FORAGER_HTTP_MAX_BODY_BYTES: "3200000",
  FORAGER_HTTP_RATIO_FLOOR_BYTES: "800000",
  FORAGER_CRAWL_MAX_ATTEMPTS: "1",
};

describe("a crawl of the bad web", () => {
  it("gives each page its reason, reaches nothing that was not named, and ends well", async () => {
    await using folder = await temporaryFolder();
    await using site = await startHostileSite();
    await using busy = await startHostileSite();
    await using missing = await serveSite({});
    await using other = await serveSite({ "/": "<p>Another host.</p>" });
    await using moved = await serveSite({ "/": { status: 302, headers: { location: other.origin } } });
    await using closed = await serveSite({
      "/robots.txt": { headers: { "content-type": "text/plain" }, body: "User-agent: *\nDisallow: /" },
      "/": "<p>Not for robots.</p>",
    });
    for (const [path, { type, body }] of Object.entries(ownPages)) {
      site.on(path, (_request, response) => response.writeHead(200, { "content-type": type }).end(body));
    }
    const links = [...outcomes.map(([path]) => path), site.canary.origin];
    const home = links.map((link) => `<a href="${link}">${link}</a> `).join("");
    site.on("/", (_request, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end(`<h1>All that is bad</h1>${home}`),
    );
    const expected = new Map([
      ...outcomes.map(([path, reason]) => [path.replace("/hops/9", "/hops/0"), reason] as const),
      ["/", "ok"],
      [`${busy.origin}/busy`, "ok"],
      [`${missing.origin}/`, "failed: http 404"],
      [`${moved.origin}/`, "failed: private address"],
      [`${closed.origin}/`, "skipped: robots"],
      ["http://127.0.0.1:1/", "failed: network"],
      ["http://nowhere.invalid/", "failed: dns"],
      [`${site.origin.replace("http", "https")}/`, "failed: tls"],
    ]);
    const seeds = [site.origin, ...[...expected.keys()].filter((url) => url.startsWith("http"))];
    const words = ["crawl", ...seeds, "--data-dir", folder.path, "--embed", "off", "--json"];

    const { code, out, err } = await startForager(words, { environment: smallCaps }).ended;

    assert.equal(code, 0, err);
    const exported = await forager("export", "--include-failed", "--data-dir", folder.path);
    const found = new Map(
      jsonLines(exported.out).map(({ url, status, reason }) => [
        String(url).replace(`${site.origin}/`, "/"),
        status === "ok" ? "ok" : `${String(status)}: ${String(reason)}`,
      ]),
    );
    assert.deepEqual(sorted(found), sorted(expected));
    const [summary] = jsonLines(out);
    assert.deepEqual(sorted(new Map(Object.entries(summary?.["failures"] ?? {}))), countReasons(expected));
    assert.equal(site.canary.connections(), 0);
    assert.equal(other.requests.length, 0);
  });

  // Apart, since nothing is lost here where the machine is slow as well.
  it("gives up servers that never come to an end, each for its time", async () => {
    await using folder = await temporaryFolder();
    await using site = await startHostileSite();
    const words = ["crawl", ...slow.map((path) => site.origin + path), "--data-dir", folder.path];
    const alone = ["--no-robots", "--no-sitemaps", "--embed", "off", "--json"];
    const { out, err } = await startForager([...words, ...alone], { environment: shortTimes }).ended;
    assert.deepEqual(jsonLines(out)[0]?.["failures"], { timeout: slow.length }, err);
  });
});

function countReasons(expected: ReadonlyMap<string, string>): [string, unknown][] {
  const counts = new Map<string, number>();
  for (const outcome of expected.values()) {
    const reason = outcome.split(": ")[1];
    if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return sorted(counts);
}

function sorted(map: ReadonlyMap<string, unknown>): [string, unknown][] {
  return [...map].toSorted(([one], [other]) => (one < other ? -1 : 1));
}
