import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { serveSite } from "../sites/static-site.ts";
import { forager, jsonLines, temporaryFolder } from "./run-forager.ts";

describe("a stored session", () => {
  it("is what every tier fetches with, and goes to its own host alone", async () => {
    await using folder = await temporaryFolder();
    await using site = await serveSite(({ url, headers }) => {
      const isMember = headers.cookie?.includes("sid=1") === true && !headers.cookie.includes("other");
      if (url === "/app")
        return "<div id=root></div><script>document.getElementById('root').textContent = 'Drawn for ' + document.cookie</script>";
      return isMember
        ? `<p>Members' page ${url}.</p><a href="/next">next</a><a href="/app">app</a>`
        : { status: 401 };
    });
    const file = join(folder.path, "state.json");
    await writeFile(
      file,
      JSON.stringify({ cookies: [cookie("sid", "127.0.0.1"), cookie("other", "example.org")], origins: [] }),
    );
    const { code, err } = await forager(
      "crawl",
      `${site.origin}/`,
      "--storage-state",
      file,
      "--data-dir",
      folder.path,
      "--embed",
      "off",
    );
    assert.equal(code, 0, err);
    const texts = jsonLines((await forager("export", "--data-dir", folder.path)).out).map(
      ({ text, tier }) => `${String(tier)}: ${String(text).split("\n")[0]}`,
    );
    assert.deepEqual(
      texts.toSorted(),
      ["headless: Drawn for sid=1", "http: Members' page /.", "http: Members' page /next."].toSorted(),
    );
  });

  it("that is no file of the kind is wrong usage, named", async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, "state.json");
    await writeFile(file, "[]");
    const { code, err } = await forager(
      "crawl",
      "http://127.0.0.1:1/",
      "--storage-state",
      file,
      "--data-dir",
      folder.path,
    );
    assert.equal(code, 2);
    assert.match(err, /state\.json: it is no Playwright storage state/);
  });
});

function cookie(name: string, domain: string): object {
  return {
    name,
    value: "1",
    domain,
    path: "/",
    expires: -1,
    httpOnly: false,
    secure: false,
    sameSite: "Lax",
  };
}
