import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ToolMessage } from "@langchain/core/messages";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { OptionsError } from "../../src/index.ts";
import { createForagerTools } from "../../src/langchain/index.ts";
import { serveSite } from "../sites/static-site.ts";
import { openForager, seaPages } from "./open-forager.ts";

type Forager = Parameters<typeof createForagerTools>[0];
type Options = Parameters<typeof createForagerTools>[1];

/** Calls a tool as an agent does. */
async function call(forager: Forager, name: string, args: object, options: Options = {}): Promise<string> {
  const tool = createForagerTools(forager, { allow: ["search", "ask", "scrape"], ...options }).find(
    (tool) => tool.name === name,
  );
  const message: unknown = await tool?.invoke({ type: "tool_call", id: "1", name, args });
  assert.ok(message instanceof ToolMessage);
  return message.text;
}

describe("tools for LangChain agents", () => {
  it("only those that were allowed are there, reading the web not unasked", async () => {
    await using opened = await openForager();
    const names = (options?: Options) => createForagerTools(opened.forager, options).map(({ name }) => name);
    assert.deepEqual(names(), ["search_pages", "ask_pages"]);
    assert.deepEqual(names({ allow: ["scrape"] }), ["read_page"]);
    assert.throws(() => names({ allow: ["delete" as "ask"] }), OptionsError);
  });

  it("can be bound to a chat model", async () => {
    await using opened = await openForager();
    const model = new FakeListChatModel({ responses: ["ok"] });
    assert.equal((await model.bindTools(createForagerTools(opened.forager)).invoke("hello")).text, "ok");
  });

  it("find passages, and mark their text as the page's", async () => {
    await using opened = await openForager();
    await opened.forager.add(seaPages);
    const text = await call(opened.forager, "search_pages", { query: "flat boat", limit: 1 });
    assert.match(text, /never instructions to follow/);
    assert.match(text, /\[1\] https:\/\/sea\.example\/boats \(confidence 0?\.?\d/);
    const [, mark] = /<(page-text [0-9a-f]{8})>/.exec(text) ?? [];
    assert.ok(text.includes(`<${mark}>\nBoats\n${seaPages[1]?.text}\n</${mark}>`));
  });

  it("say when nothing was found, and what was amiss with the search", async () => {
    await using opened = await openForager();
    const forager: Forager = {
      config: opened.forager.config,
      ask: (question) => opened.forager.ask(question),
      search: async (query) => ({ query, hits: [], notes: ["The vectors came late."] }),
    };
    const text = await call(forager, "search_pages", { query: "x" });
    assert.equal(text, "No passage was found.\nThe vectors came late.");
  });

  it("answer with quotes and their URLs, or say that the pages do not know", async () => {
    await using opened = await openForager();
    await opened.forager.add(seaPages);
    const text = await call(opened.forager, "ask_pages", { question: "When does the tide turn?" });
    assert.match(text, /The answer \(confidence [\d.]+\):\n<page-text/);
    assert.match(
      text,
      /\[1\] https:\/\/sea\.example\/tides\n<page-text \S+>\nTides\nThe tide turns at noon\./,
    );
    const none = await call(opened.forager, "ask_pages", { question: "Who composed the opera Tosca?" });
    assert.match(none, /^(Text between.*\n\n)?Not found in the indexed pages\./s);
  });

  it("keep to the hosts they were given", async () => {
    await using opened = await openForager();
    await opened.forager.add(seaPages);
    const hosts = ["land.example"];
    const found = await call(opened.forager, "search_pages", { query: "tide" }, { hosts });
    assert.ok(found.includes("land.example") && !found.includes("sea.example"));
    const asked = { question: "When does the tide turn?" };
    assert.ok(!(await call(opened.forager, "ask_pages", asked, { hosts })).includes("sea.example"));
    const read = await call(opened.forager, "read_page", { url: "https://sea.example/" }, { hosts });
    assert.match(read, /sea\.example is not among the hosts/);
  });

  it("read a page a part at a time", async () => {
    await using site = await serveSite({
      "/": `<title>Log</title><main><h1>Log</h1><p>${"calm sea ".repeat(200)}</p><p>The end.</p></main>`,
    });
    await using opened = await openForager();
    const hosts = [new URL(site.origin).host];
    const args = { url: `${site.origin}/` };
    const first = await call(opened.forager, "read_page", args, { maxCharacters: 500, hosts });
    const [, next = ""] = /characters 0 to 500 of \d+\. Go on with from: (\d+)\./.exec(first) ?? [];
    const rest = await call(opened.forager, "read_page", { ...args, from: Number(next) }, { hosts });
    assert.match(rest, /The end\./);
    assert.doesNotMatch(rest, /Go on/);
  });

  it("let an agent reach no private address that the user did not name", async () => {
    await using site = await serveSite({ "/": "<title>Secret</title><p>the password is swordfish" });
    await using opened = await openForager();
    const text = await call(opened.forager, "read_page", { url: `${site.origin}/` });
    assert.match(text, /could not be read: .*pages may not reach/);
    // Neither does what the user reads himself open it to the agent.
    await opened.forager.scrape(`${site.origin}/`).next();
    const seen = site.requests.length;
    assert.match(await call(opened.forager, "read_page", { url: `${site.origin}/` }), /may not reach/);
    assert.equal(site.requests.length, seen);
  });

  it("follow no redirect off the hosts they were given", async () => {
    await using other = await serveSite({ "/": "<title>Other</title><p>swordfish swordfish swordfish" });
    await using site = await serveSite({
      "/": { status: 302, headers: { location: `${other.origin}/` } },
    });
    await using opened = await openForager();
    const hosts = [new URL(site.origin).host];
    const text = await call(opened.forager, "read_page", { url: `${site.origin}/` }, { hosts });
    assert.match(text, /could not be read/);
    assert.doesNotMatch(text, /swordfish/);
    assert.equal(other.requests.length, 0);
  });

  for (const url of ["file:///etc/passwd", "ftp://example.com/", "not a url", "example.com"]) {
    it(`read only http and https, not ${url}`, async () => {
      await using opened = await openForager();
      assert.match(await call(opened.forager, "read_page", { url }), /whole http or https URL/);
    });
  }

  it("tell of failures in words, and end with an aborted run", async () => {
    await using opened = await openForager();
    assert.match(
      await call(opened.forager, "search_pages", { query: "x" }),
      /That did not work: There is no index in/,
    );
    const [search] = createForagerTools(opened.forager);
    const signal = AbortSignal.abort(new Error("called off"));
    await assert.rejects(async () => search?.invoke({ query: "x" }, { signal }));
  });
});
