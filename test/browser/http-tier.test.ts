import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { childContext, rootContext } from "../../src/context.ts";
import { TimeoutError } from "../../src/errors.ts";
import type { HttpOptions } from "../../src/browser/http-options.ts";
import { startHostileSite } from "../sites/hostile.ts";
import { openHttpTier, reasonIn, smallOptions } from "./http-fixture.ts";

const outcomes: readonly (readonly [string, string])[] = [
  ["/plain", "page 200"],
  ["/missing", "page 404"],
  ["/no-content", "page 204"],
  ["/reset-content", "page 205"],
  ["/early-hints", "page 200"],
  ["/until-close", "page 200"],
  ["/gzip", "page 200"],
  ["/br", "page 200"],
  ["/zstd", "page 200"],
  ["/gzip-twice", "page 200"],
  ["/gzip-lie", "page 200"],
  ["/gzip-cut", "network"],
  ["/gzip-rotten", "network"],
  ["/cut-off", "network"],
  ["/cut-chunk", "network"],
  ["/bad-chunk", "network"],
  ["/bad-status", "network"],
  ["/reset", "network"],
  ["/bomb-gzip", "too large"],
  ["/bomb-br", "too large"],
  ["/bomb-zstd", "too large"],
  ["/bomb-nested", "too large"],
  ["/huge", "too large"],
  ["/huge-unannounced", "too large"],
  ["/endless", "too large"],
  ["/huge-headers", "too large"],
  ["/picture", "unsupported type"],
  ["/setup.exe", "unsupported type"],
  ["/loop", "redirect loop"],
  ["/loop-a", "redirect loop"],
  ["/hops/10", "page 200"],
  ["/hops/11", "redirect loop"],
  ["/hops/25", "redirect loop"],
  ["/needs-cookie", "page 200"],
  ["/to-plain", "page 200"],
  ["/to-nowhere", "page 302"],
  ["/to-mail", "unsupported type"],
  ["/to-file", "unsupported type"],
];

/** Servers that never come to an end, and the one limit that is short. */
const slow: readonly (readonly [string, Partial<HttpOptions>, RegExp])[] = [
  ["/slow-headers", { firstByteTimeoutMs: 40 }, /Waiting for .*\/slow-headers to answer/],
  ["/slow-body", { idleTimeoutMs: 40 }, /A pause in the body of .*\/slow-body/],
  ["/drip", { totalTimeoutMs: 120 }, /Fetching .*\/drip/],
];

describe("plain HTTP tier", () => {
  for (const [path, expected] of outcomes) {
    it(`gives ${expected} for ${path}`, async () => {
      await using site = await startHostileSite();
      await using http = openHttpTier([site.origin]);
      assert.equal(reasonIn(await http.get(site.origin + path)), expected);
    });
  }

  for (const [path, options, detail] of slow) {
    it(`gives timeout for ${path}, and says which`, async () => {
      await using site = await startHostileSite();
      await using http = openHttpTier([site.origin], { options });
      const outcome = await http.get(site.origin + path);
      assert.equal(reasonIn(outcome), "timeout");
      assert.match(outcome.kind === "no-page" ? outcome.detail : "", detail);
    });
  }

  it("gives the decompressed bytes in a buffer of their own", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    const bodies: string[] = [];
    for (const path of ["/plain", "/gzip", "/br", "/zstd", "/gzip-twice", "/gzip-lie"]) {
      const outcome = await http.get(site.origin + path);
      assert.ok(outcome.kind === "page");
      assert.equal(outcome.page.body.buffer.byteLength, outcome.page.body.byteLength);
      bodies.push(new TextDecoder().decode(outcome.page.body));
    }
    assert.match(bodies[0] ?? "", /A plain page\./);
    assert.deepEqual(new Set(bodies).size, 1);
  });

  it("stops a large body near the limit instead of taking it all", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    await http.get(`${site.origin}/endless`);
    await http.get(`${site.origin}/picture`);
    // What the kernel buffers beside what was read: a few megabytes on loopback.
    assert.ok(
      site.sentBytes() < smallOptions.maxWireBytes + 16_000_000,
      `${site.sentBytes()} bytes were sent`,
    );
  });

  it("takes a prefix where that is enough", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    const outcome = await http.get(`${site.origin}/endless`, { prefixBytes: 1_000 });
    assert.equal(outcome.kind === "page" && outcome.page.body.length, 1_000);
  });

  it("answers a matching validator with not-modified", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    assert.equal(reasonIn(await http.get(`${site.origin}/validated`, { etag: '"v1"' })), "not-modified");
    assert.equal(reasonIn(await http.get(`${site.origin}/validated`, { etag: '"v0"' })), "page 200");
  });

  it("does not count the wait for a host's turn against the server", async (test) => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    test.mock.timers.enable({ apis: ["Date"], now: Date.now() });
    const waitLong = async () => {
      test.mock.timers.tick(smallOptions.totalTimeoutMs + 1);
      return undefined;
    };
    assert.equal(reasonIn(await http.get(`${site.origin}/hops/1`, { onRedirect: waitLong })), "page 200");
  });

  it("says that a server which hangs up on the handshake gives no secure connection", async () => {
    await using site = await startHostileSite();
    const origin = site.origin.replace("http", "https");
    await using http = openHttpTier([origin]);
    assert.equal(reasonIn(await http.get(`${origin}/plain`)), "tls");
  });

  it("sends a request once more, on a new connection, when a kept one was reset", async () => {
    await using site = await startHostileSite({
      "/flaky": (request, response, { visits }) =>
        visits === 0 ? request.socket.resetAndDestroy() : response.end("well"),
    });
    await using http = openHttpTier([site.origin]);
    await http.get(`${site.origin}/plain`);
    assert.equal(reasonIn(await http.get(`${site.origin}/flaky`)), "page 200");
  });

  it("asks before it follows a redirect", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    const asked: string[] = [];
    const outcome = await http.get(`${site.origin}/hops/3`, {
      onRedirect: async (target) => {
        asked.push(target.pathname);
        return target.pathname === "/hops/1"
          ? { kind: "no-page", reason: "robots", detail: "no", isTransient: false }
          : undefined;
      },
    });
    assert.equal(reasonIn(outcome), "robots");
    assert.deepEqual(asked, ["/hops/2", "/hops/1"]);
    assert.deepEqual(
      site.log.map((entry) => entry.url),
      ["/hops/3", "/hops/2"],
    );
  });

  it("tells dead hosts, dead ports and broken TLS apart", async () => {
    await using site = await startHostileSite();
    const closed = await startHostileSite();
    await closed.close();
    // What answers there is no TLS.
    const secure = site.canary.origin.replace("http:", "https:");
    await using http = openHttpTier([site.canary.origin, closed.origin]);
    assert.equal(reasonIn(await http.get("http://no-such-host.example/")), "dns");
    assert.equal(reasonIn(await http.get(closed.origin)), "network");
    assert.equal(reasonIn(await http.get(secure)), "tls");
  });

  it("ends with the context's deadline, and throws when it is cancelled", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    {
      using context = childContext(rootContext("test"), 50, "page", () => new TimeoutError("page", 50));
      assert.equal(
        reasonIn(await http.tier.fetch({ url: `${site.origin}/slow-headers` }, context)),
        "timeout",
      );
    }
    const cancelled = new AbortController();
    const reason = new Error("stopped by the user");
    setTimeout(() => cancelled.abort(reason), 20);
    const fetching = http.tier.fetch(
      { url: `${site.origin}/slow-body` },
      rootContext("test", cancelled.signal),
    );
    await assert.rejects(fetching, (error) => error === reason);
  });
});
