import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { HeadlessTier } from "../../src/browser/tiers/headless.ts";
import { rootContext } from "../../src/context.ts";
import { MissingError } from "../../src/errors.ts";
import { startCanary, startScriptedSite, type Canary, type ScriptedSite } from "../sites/scripted.ts";
import { get, openHeadless, reasonIn, textIn } from "./headless-fixture.ts";

const rendered: readonly (readonly [string, string, RegExp])[] = [
  ["text that a script fetched", "/client-rendered", /<p>Drawn by a script\./],
  ["text that a timer brought", "/late", /<div id="root">Drawn by a timer\./],
  ["a route of the page's own", "/push-state", /<div id="root">Route seven\./],
  [
    "a shadow tree in its place",
    "/shadow",
    /<p>Text in the shadow &amp; more\..*Slotted light text\.<p>After the slot\./,
  ],
  ["a frame in its place", "/frame", /<p>Inside the frame\.<\/p><a href="http[^"]+\/inner\/next">/],
  ["a page that forges what scripts read", "/hostile-globals", /<p>Honest text\..*forged/],
  ["where a script went", "/script-redirect", /<p>Plain text\./],
  ["a page whose network never rests", "/long-poll", /<p>It never rests\./],
  ["a page blocked by a dead script", "/blocked-by-script", /<p>Text before a dead script\./],
  ["a page that asks three questions", "/dialogs", /<p>Three dialogs\./],
  ["a page that logs without measure", "/console-storm", /<p>A talkative page\./],
  ["a page that opens windows", "/popups", /<p>Windows\./],
  ["an error page", "/missing", /<p>There is nothing here\./],
];

const refused: readonly (readonly [string, string])[] = [
  ["redirect loop", "/redirect-loop"],
  ["redirect loop", "/navigates-forever"],
  ["unreadable", "/dialog-storm"],
  ["too large", "/flood"],
  ["too large", "/long-document"],
  ["crash", "/crash"],
  ["network", "/cut-off"],
  ["network", "/reset"],
  ["unsupported type", "/download"],
  ["private address", "/to-canary"],
  ["private address", "/two-hops-to-canary"],
  ["private address", "/script-to-canary"],
  ["private address", "/refresh-to-canary"],
];

const hanging = ["/infinite-script", "/late-infinite-script", "/endless", "/hangs", "/hangs-later"];

describe("headless tier", () => {
  let canary: Canary;
  let site: ScriptedSite;
  let tier: HeadlessTier;

  before(async () => {
    canary = await startCanary();
    site = await startScriptedSite(canary);
    tier = openHeadless([site.origin], { loadTimeoutMs: 3_000, maxBodyLength: 100_000 });
  });
  after(async () => {
    await tier[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
    await canary[Symbol.asyncDispose]();
  });

  describe("gives", { concurrency: 4 }, () => {
    for (const [what, path, pattern] of rendered) {
      it(what, async () => assert.match(textIn(await get(tier, site.origin + path)), pattern));
    }
  });

  describe("gives no page but the reason", { concurrency: 4 }, () => {
    for (const [reason, path] of refused) {
      it(`${reason}: ${path}`, async () =>
        assert.equal(reasonIn(await get(tier, site.origin + path)), reason));
    }
  });

  it("ends each page that hangs at its deadline, and serves others meanwhile", async () => {
    const timeoutMs = 2_000;
    const outcomes = await Promise.all([
      ...hanging.map((path) => get(tier, site.origin + path, timeoutMs)),
      ...Array.from({ length: 6 }, () => get(tier, `${site.origin}/plain`)),
    ]);
    const expected = [...hanging.map(() => "timeout"), ...Array.from({ length: 6 }, () => "page 200")];
    assert.deepEqual(outcomes.map(reasonIn), expected);
  });

  it("tells the final address, the status and the headers of the document shown", async () => {
    const hop = await get(tier, `${site.origin}/hop`);
    assert.ok(hop.kind === "page");
    assert.equal(hop.page.requestedUrl, `${site.origin}/hop`);
    assert.equal(hop.page.finalUrl, `${site.origin}/plain`);
    assert.equal(hop.page.httpStatus, 200);
    assert.equal(hop.page.headers["content-type"], "text/html; charset=utf-8");
    assert.ok(hop.page.rendered && hop.page.wireBytes > 300 && hop.page.wireBytes < 2_000);
    const pushed = await get(tier, `${site.origin}/push-state`);
    assert.equal(pushed.kind === "page" && pushed.page.finalUrl, `${site.origin}/route/7`);
    assert.equal(reasonIn(await get(tier, `${site.origin}/missing`)), "page 404");
    assert.equal(reasonIn(await get(tier, `${site.origin}/no-content`)), "page 204");
  });

  it("gives a file that is no page as the server sent it", async () => {
    const outcome = await get(tier, `${site.origin}/json`);
    assert.ok(outcome.kind === "page" && !outcome.page.rendered);
    assert.equal(textIn(outcome), '{"a": 1}');
  });

  it("asks for no pictures and no windows, and says what browser it is", async () => {
    await Promise.all(["/client-rendered", "/popups"].map((path) => get(tier, site.origin + path)));
    assert.deepEqual(
      site.requests.filter(({ path }) => /picture|popup=/.test(path)),
      [],
    );
    const { headers } = site.requests.at(-1) ?? assert.fail();
    assert.match(headers["user-agent"] ?? "", /Chrome\/\d+/);
    assert.match(headers["accept-language"] ?? "", /^en-US/);
    assert.doesNotMatch(JSON.stringify(headers), /Headless|proxy-/i);
  });

  it("starts each page without the cookies of others", async () => {
    for (const _ of [1, 2]) assert.match(textIn(await get(tier, `${site.origin}/cookie`)), /Cookies: none/);
  });

  it("lets nothing on a page reach an address that nobody named", async () => {
    assert.match(textIn(await get(tier, `${site.origin}/parts-from-canary`)), /Parts from elsewhere/);
    assert.equal(reasonIn(await get(tier, `${canary.origin}/secret`)), "private address");
    assert.equal(canary.visits, 0);
  });

  it("hands back the reason of an abort from outside", async () => {
    const controller = new AbortController();
    const fetching = tier.fetch({ url: `${site.origin}/hangs` }, rootContext("test", controller.signal));
    setTimeout(() => controller.abort(new Error("called off")), 200);
    await assert.rejects(fetching, { message: "called off" });
  });

  it("names the remedy where there is no browser", async () => {
    await using without = openHeadless([site.origin], { chromiumPath: "/nowhere/chromium" });
    await assert.rejects(get(without, site.origin), (error) => {
      assert.ok(error instanceof MissingError);
      assert.match(error.message, /npm run setup.*FORAGER_CHROMIUM/);
      return true;
    });
  });
});
