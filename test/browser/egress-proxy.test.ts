import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { EgressGuard } from "../../src/browser/egress-guard.ts";
import { EgressProxy, type EgressPass } from "../../src/browser/egress-proxy.ts";
import { silentLog } from "../../src/log.ts";
import { startCanary, startScriptedSite } from "../sites/scripted.ts";

type Credentials = Pick<EgressPass, "username" | "password"> | undefined;

function authorization(pass: Credentials): Record<string, string> {
  if (pass === undefined) return {};
  const encoded = Buffer.from(`${pass.username}:${pass.password}`).toString("base64");
  return { "proxy-authorization": `Basic ${encoded}` };
}

/** The status of a plain request through the proxy; 0 when the connection broke. */
async function getThrough(proxy: EgressProxy, pass: Credentials, url: string): Promise<number> {
  const { hostname, port } = new URL(proxy.url);
  const headers = { host: new URL(url).host, ...authorization(pass) };
  const call = request({ hostname, port, path: url, headers, agent: false }).end();
  try {
    const [response] = await once(call, "response");
    for await (const _ of response);
    return Number(response.statusCode);
  } catch {
    return 0;
  }
}

/** The status that the proxy gives a tunnel. */
async function tunnelThrough(proxy: EgressProxy, pass: Credentials, target: string): Promise<number> {
  const socket = connect(Number(new URL(proxy.url).port), "127.0.0.1");
  const credentials = Object.entries(authorization(pass)).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`CONNECT ${target} HTTP/1.1\r\nhost: ${target}\r\n${credentials.join("")}\r\n`);
  const [answer] = (await once(socket, "data")) as [Buffer];
  socket.destroy();
  return Number(answer.toString().split(" ")[1]);
}

/** A proxy whose names lead where `addresses` says; `site.test` is the host that the user named. */
async function openProxy(origin: string, addresses: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const resolve = async (hostname: string) => {
    asked.push(hostname);
    return [addresses[hostname] ?? "127.0.0.1"];
  };
  const named = origin.replace("127.0.0.1", "site.test");
  const guard = new EgressGuard({ resolve }, { allowedOrigins: [named] });
  return { proxy: await EgressProxy.listen({ guard, log: silentLog }), named, asked };
}

const mebibyte = 2 ** 20;

describe("egress proxy", () => {
  it("serves only who holds a pass, and only while it is valid", async () => {
    await using canary = await startCanary();
    await using site = await startScriptedSite(canary);
    const opened = await openProxy(site.origin);
    await using proxy = opened.proxy;
    const pass = proxy.issuePass(mebibyte, () => undefined);
    const url = `${opened.named}/plain`;
    assert.equal(await getThrough(proxy, undefined, url), 407);
    assert.equal(await tunnelThrough(proxy, undefined, new URL(url).host), 407);
    assert.equal(await getThrough(proxy, { ...pass, username: pass.username, password: "guess" }, url), 407);
    assert.equal(await getThrough(proxy, { username: "guess", password: pass.password }, url), 407);
    assert.equal(site.requests.length, 0);
    assert.equal(await getThrough(proxy, pass, url), 200);
    assert.equal(await tunnelThrough(proxy, pass, new URL(url).host), 200);
    pass[Symbol.dispose]();
    assert.equal(await getThrough(proxy, pass, url), 407);
  });

  it("dials the address that was checked, asked for once a connection", async () => {
    await using canary = await startCanary();
    await using site = await startScriptedSite(canary);
    const { proxy, named, asked } = await openProxy(site.origin);
    await using _ = proxy;
    using pass = proxy.issuePass(mebibyte, () => undefined);
    assert.equal(await getThrough(proxy, pass, `${named}/plain`), 200);
    assert.deepEqual(asked, ["site.test"]);
    assert.equal(site.requests[0]?.headers.host, new URL(named).host);
    assert.doesNotMatch(JSON.stringify(site.requests[0]?.headers), /proxy-/);
  });

  it("refuses what leads to an address nobody named, however it is written", async () => {
    await using canary = await startCanary();
    const { port } = new URL(canary.origin);
    const addresses = { "metadata.test": "169.254.169.254", "mapped.test": "::ffff:127.0.0.1" };
    const { proxy } = await openProxy("http://127.0.0.1:9", addresses);
    await using _ = proxy;
    using pass = proxy.issuePass(mebibyte, () => undefined);
    const hosts = [
      "127.0.0.1",
      "localhost",
      "rebound.test",
      "metadata.test",
      "mapped.test",
      "[::1]",
      "[::ffff:127.0.0.1]",
      "2130706433",
      "0x7f.1",
    ];
    const statuses = await Promise.all(
      hosts.flatMap((host) => [
        getThrough(proxy, pass, `http://${host}:${port}/secret`),
        tunnelThrough(proxy, pass, `${host}:${port}`),
      ]),
    );
    assert.deepEqual(new Set(statuses), new Set([403]));
    assert.equal(canary.visits, 0);
    assert.equal(proxy.refused, 2 * hosts.length);
    assert.deepEqual(new Set(pass.refusals.map(({ kind }) => kind)), new Set(["private address"]));
  });

  it("cuts the connections of a pass that took more than its share, and no other's", async () => {
    await using canary = await startCanary();
    await using site = await startScriptedSite(canary);
    const { proxy, named } = await openProxy(site.origin);
    await using _ = proxy;
    let overdrafts = 0;
    using greedy = proxy.issuePass(mebibyte, () => overdrafts++);
    using modest = proxy.issuePass(mebibyte, () => undefined);
    assert.equal(await getThrough(proxy, greedy, `${named}/flood`), 0);
    assert.equal(overdrafts, 1);
    assert.ok(greedy.isOverdrawn && greedy.bytes > mebibyte);
    assert.equal(await getThrough(proxy, greedy, `${named}/plain`), 403);
    assert.equal(await getThrough(proxy, modest, `${named}/plain`), 200);
    assert.ok(!modest.isOverdrawn && modest.bytes > 300 && modest.bytes < 2_000);
  });

  it("frees its port and ends its connections when it is disposed of", async () => {
    await using canary = await startCanary();
    await using site = await startScriptedSite(canary);
    const { proxy, named } = await openProxy(site.origin);
    using pass = proxy.issuePass(mebibyte, () => undefined);
    const { port } = new URL(proxy.url);
    const hanging = getThrough(proxy, pass, `${named}/hangs`);
    while (site.requests.length === 0) await new Promise(setImmediate);
    await proxy[Symbol.asyncDispose]();
    assert.equal(await hanging, 0);
    const [error] = await once(connect(Number(port), "127.0.0.1"), "error");
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
  });
});
