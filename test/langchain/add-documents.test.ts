import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Forager, OptionsError, createForager } from "../../src/index.ts";
import { HashingEmbedder } from "../../src/testing.ts";
import { temporaryFolder } from "../cli/run-forager.ts";

/** Remembers which texts it was given. */
class CountingEmbedder extends HashingEmbedder {
  readonly texts: string[] = [];

  override embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
    this.texts.push(...texts);
    return super.embed(texts, signal);
  }
}

async function open(embedder = new CountingEmbedder()) {
  const folder = await temporaryFolder();
  const forager = createForager({ dataDir: folder.path }, { embedder });
  return {
    forager,
    embedder,
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await forager.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const tides = "The tide turns at noon. High water follows six hours later.";
const count = async (forager: Forager) => (await Array.fromAsync(forager.export())).length;
const urlsFor = async (forager: Forager, query: string) =>
  (await forager.search(query)).hits.map(({ url }) => url);

describe("adding documents that were not crawled", () => {
  it("finds, quotes and embeds them as it does pages", async () => {
    await using opened = await open();
    const { forager } = opened;
    const added = await forager.add([
      { id: "tides", text: tides, title: "Tide table" },
      {
        url: "https://example.com/boats#top",
        html: "<title>Boats</title><main><h1>Boats</h1><p>A dory is a small flat boat.</p><p><a href='x'>more</a></p></main>",
      },
      { id: "note 1", markdown: "# Anchors\n\nThe kedge is the light anchor." },
    ]);
    assert.deepEqual(added, {
      urls: ["document:tides", "https://example.com/boats", "document:note%201"],
      changed: 3,
      chunks: 3,
      embedded: 3,
      notes: [],
    });
    assert.equal((await urlsFor(forager, "flat dory"))[0], "https://example.com/boats");
    assert.equal((await urlsFor(forager, "kedge anchor"))[0], "document:note%201");
    const { citations } = await forager.ask("When does the tide turn?");
    const kept = await Array.fromAsync(forager.export());
    const page = kept.find(({ url }) => url === "document:tides");
    assert.equal(page?.["title"], "Tide table");
    assert.equal(citations[0]?.quote, "The tide turns at noon.");
    assert.equal(String(page?.["text"]).slice(citations[0]?.start, citations[0]?.end), citations[0]?.quote);
  });

  it("replaces what is added again, and embeds only what is new", async () => {
    await using opened = await open();
    const { forager, embedder } = opened;
    await forager.add([{ id: "a", text: tides }]);
    assert.equal((await forager.add([{ id: "a", text: tides }])).changed, 0);
    assert.equal(embedder.texts.length, 1);
    const again = await forager.add([{ id: "a", text: "Now it is about geese." }]);
    assert.deepEqual([again.changed, again.embedded], [1, 1]);
    assert.deepEqual(
      (await forager.search("tide")).hits.filter(({ text }) => text.includes("tide")),
      [],
    );
    assert.equal(await count(forager), 1);
  });

  it("takes out what is removed, and says how many were there", async () => {
    await using opened = await open();
    const { forager } = opened;
    const { urls } = await forager.add([
      { id: "a", text: tides },
      { id: "b", text: "Geese fly south." },
    ]);
    assert.equal(await forager.remove([...urls.slice(0, 1), "document:none"]), 1);
    assert.deepEqual(await urlsFor(forager, "tide geese"), ["document:b"]);
    assert.equal(await count(forager), 1);
  });

  it("cuts long texts into passages, or keeps each whole when told to", async () => {
    await using opened = await open();
    const { forager } = opened;
    const text = Array.from({ length: 60 }, (_, i) => `Sentence ${i} says something about buoys.`).join(" ");
    assert.ok((await forager.add([{ id: "cut", text }])).chunks > 1);
    assert.equal((await forager.add([{ id: "whole", text }], { isWhole: true })).chunks, 1);
  });

  it("indexes what a crawl would take for an error page: the user knows better", async () => {
    await using opened = await open();
    const { forager } = opened;
    await forager.add([{ id: "faq", markdown: "# Page not found\n\nIt means that the lighthouse moved." }]);
    assert.deepEqual(await urlsFor(forager, "lighthouse"), ["document:faq"]);
  });

  it("takes calls that are made at the same moment one after the other", async () => {
    await using opened = await open();
    const { forager } = opened;
    const ids = Array.from({ length: 5 }, (_, i) => `n${i}`);
    await Promise.all(ids.map((id) => forager.add([{ id, text: `About ${id}` }])));
    assert.equal(await count(forager), 5);
  });

  it("keeps what was stored when the embedder fails, and goes on from there", async () => {
    let isBroken = true;
    class Failing extends CountingEmbedder {
      override async embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]> {
        if (isBroken) throw new Error("no vectors today");
        return super.embed(texts, signal);
      }
    }
    await using opened = await open(new Failing());
    const { forager } = opened;
    await assert.rejects(forager.add([{ id: "a", text: tides }]), /no vectors today/);
    isBroken = false;
    assert.deepEqual(await forager.add([{ id: "a", text: tides }]), {
      urls: ["document:a"],
      changed: 0,
      chunks: 1,
      embedded: 1,
      notes: [],
    });
  });

  it("hands an abort's reason back", async () => {
    await using opened = await open();
    const reason = new Error("called off");
    await assert.rejects(
      opened.forager.add([{ id: "a", text: tides }], {}, AbortSignal.abort(reason)),
      (error) => error === reason,
    );
  });

  const bad: [string, object, RegExp][] = [
    ["a document without a name", { text: "x" }, /documents\[1\].*either url or id/],
    ["one with two", { id: "b", url: "https://example.com/", text: "x" }, /either url or id/],
    ["one without content", { id: "b" }, /one of text, markdown and html/],
    ["one with two contents", { id: "b", text: "x", html: "<p>x" }, /one of text, markdown and html/],
    ["an address that is none of the web", { url: "file:///etc/passwd", text: "x" }, /url/],
    ["metadata that cannot be kept", { id: "b", text: "x", metadata: { n: 1n } }, /metadata.*JSON/],
    ["a vector of another length", { id: "b", text: "x", vector: new Float32Array(3).fill(1) }, /3 numbers/],
    ["a vector without direction", { id: "b", text: "x", vector: new Float32Array(64) }, /all zeros/],
    ["a vector of HTML", { id: "b", html: "x", vector: new Float32Array(64).fill(1) }, /goes with text/],
  ];
  for (const [name, document, message] of bad) {
    it(`refuses ${name} before anything is stored`, async () => {
      await using opened = await open();
      const { forager } = opened;
      await assert.rejects(
        forager.add([{ id: "a", text: tides }, document]),
        (error) => error instanceof OptionsError && message.test(error.message),
      );
      assert.equal(await count(forager), 0);
    });
  }
});
