import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EgressGuard, PrivateAddressError, nonGlobalKind } from "../../src/browser/egress-guard.ts";
import { startHostileSite } from "../sites/hostile.ts";
import { openHttpTier, reasonIn } from "./http-fixture.ts";

const refusedAddresses = [
  "127.0.0.1",
  "127.8.9.10",
  "10.1.2.3",
  "172.16.0.1",
  "192.168.1.1",
  "169.254.169.254",
  "100.64.0.1",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "198.18.0.1",
  "192.0.0.8",
  "240.0.0.1",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:8.8.8.8",
  "::127.0.0.1",
  "64:ff9b::7f00:1",
  "64:ff9b:1::1",
  "2002:7f00:1::",
  "2001:0:4136:e378::1",
  "fc00::1",
  "fd12::1",
  "fe80::1",
  "fe80::1%eth0",
  "fec0::1",
  "ff02::1",
  "2001:db8::1",
  "not an address",
];

const globalAddresses = [
  "8.8.8.8",
  "93.184.216.34",
  "2606:2800:220:1:248:1893:25c8:1946",
  "2a00:1450:4001:800::200e",
];

describe("egress guard", () => {
  for (const address of refusedAddresses) {
    it(`takes ${address} for no public address`, () => assert.notEqual(nonGlobalKind(address), undefined));
  }
  for (const address of globalAddresses) {
    it(`takes ${address} for a public one`, () => assert.equal(nonGlobalKind(address), undefined));
  }

  it("allows the named host with the named port alone, whatever the scheme", () => {
    const guard = new EgressGuard(
      { resolve: async () => [] },
      { allowedOrigins: ["http://127.0.0.1:8080/start"] },
    );
    assert.equal(guard.check("https://127.0.0.1:8080/other"), undefined);
    assert.ok(guard.check("http://127.0.0.1:8081/") instanceof PrivateAddressError);
    assert.ok(guard.check("http://127.0.0.2:8080/") instanceof PrivateAddressError);
    assert.ok(guard.check("http://localhost:8080/") instanceof PrivateAddressError);
  });

  it("lets a named host resolve to a private address, and no other host", async () => {
    const guard = new EgressGuard(
      { resolve: async () => ["10.0.0.5"] },
      { allowedOrigins: ["http://wiki.corp/"] },
    );
    assert.deepEqual(await guard.resolve("wiki.corp", 80), [{ address: "10.0.0.5", family: 4 }]);
    await assert.rejects(guard.resolve("wiki.corp", 8080), PrivateAddressError);
    await assert.rejects(guard.resolve("other.example", 80), PrivateAddressError);
  });

  it("refuses a name with one private answer among public ones", async () => {
    const guard = new EgressGuard({ resolve: async () => ["8.8.8.8", "10.0.0.5"] }, { allowedOrigins: [] });
    await assert.rejects(guard.resolve("mixed.example", 443), PrivateAddressError);
  });
});

const directUrls = (port: number) => [
  `http://127.0.0.1:${port}/`,
  `http://localhost:${port}/`,
  `http://localhost.:${port}/`,
  `http://2130706433:${port}/`,
  `http://0x7f.0.0.1:${port}/`,
  `http://0177.1:${port}/`,
  `http://127.1:${port}/`,
  `http://[::ffff:127.0.0.1]:${port}/`,
  `http://[::ffff:7f00:1]:${port}/`,
  `http://[::1]:${port}/`,
  `http://0.0.0.0:${port}/`,
  `http://example.org@127.0.0.1:${port}/`,
  `http://127.0.0.1%2f@127.0.0.1:${port}/`,
  "http://169.254.169.254/latest/meta-data/",
  "http://[fd00:ec2::254]/latest/meta-data/",
  `http://rebound.example:${port}/`,
];

describe("server-side request forgery over plain HTTP", () => {
  const redirects = ["canary", "metadata", "decimal", "octal", "hex", "mapped", "localhost", "confusing"];

  it("lets nothing reach a private address that was not named", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin], { resolve: async () => ["127.0.0.1"] });
    for (const url of directUrls(site.canary.port))
      assert.equal(reasonIn(await http.get(url)), "private address", url);
    for (const name of redirects) {
      assert.equal(reasonIn(await http.get(`${site.origin}/to-${name}`)), "private address", name);
    }
    assert.equal(site.canary.connections(), 0);
  });

  it("connects to the answer that was checked, not to a later one", async () => {
    await using site = await startHostileSite();
    let asked = 0;
    // Public when it is checked, private ever after: the second answer must not be asked for, let alone used.
    const resolve = async () => (asked++ === 0 ? ["192.0.2.1"] : ["127.0.0.1"]);
    await using http = openHttpTier([site.origin], { resolve });
    assert.equal(
      reasonIn(await http.get(`http://rebinding.example:${site.canary.port}/`)),
      "private address",
    );
    assert.equal(asked, 1);
    assert.equal(site.canary.connections(), 0);
  });

  it("never sends user name and password of a link", async () => {
    await using site = await startHostileSite();
    await using http = openHttpTier([site.origin]);
    const outcome = await http.get(`${site.origin}/to-userinfo`);
    assert.equal(outcome.kind === "page" && outcome.page.finalUrl, `${site.origin}/plain`);
    assert.equal(site.log.at(-1)?.headers.authorization, undefined);
  });
});
