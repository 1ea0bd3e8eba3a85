import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BaseCallbackHandler } from "@langchain/core/callbacks/base";
import type { DocumentInterface } from "@langchain/core/documents";
import { StringOutputParser } from "@langchain/core/output_parsers";
import { ChatPromptTemplate } from "@langchain/core/prompts";
import { RunnablePassthrough } from "@langchain/core/runnables";
import { FakeListChatModel } from "@langchain/core/utils/testing";
import { ForagerRetriever } from "../../src/langchain/index.ts";
import { openForager, seaPages } from "./open-forager.ts";

const texts = (documents: readonly DocumentInterface[]) => documents.map(({ pageContent }) => pageContent);

describe("the LangChain retriever", () => {
  it("gives passages with their exact place in the page, under an id that stays", async () => {
    await using opened = await openForager();
    const { forager } = opened;
    await forager.add(seaPages);
    const retriever = new ForagerRetriever({ forager, k: 1 });
    const [first] = await retriever.invoke("When does the tide turn?");
    const [again] = await retriever.invoke("tide turns noon");
    assert.ok(first);
    const { url, title, heading, start, end, score, confidence, retrievers } = first.metadata;
    assert.deepEqual([url, title, heading], ["https://sea.example/tides", "Tides", "Tides"]);
    const kept = await Array.fromAsync(forager.export());
    const page = kept.find((page) => page["url"] === url);
    assert.equal(String(page?.["text"]).slice(start, end), first.pageContent);
    assert.equal(first.id, `https://sea.example/tides#char=${start},${end}`);
    assert.equal(again?.id, first.id);
    assert.ok(score > 0 && (confidence ?? 0) > 0 && retrievers?.["chunk"]?.rank === 1);
  });

  it("keeps to its filter and its least confidence", async () => {
    await using opened = await openForager();
    const { forager } = opened;
    await forager.add(seaPages);
    const filter = { field: "url", anyOf: ["https://land.example/geese"] } as const;
    const onLand = await new ForagerRetriever({ forager, filter }).invoke("tide");
    assert.deepEqual(texts(onLand), [seaPages[2]?.text]);
    assert.deepEqual(await new ForagerRetriever({ forager, minConfidence: 1 }).invoke("tide dragons"), []);
  });

  it("stands in a chain, and tells callbacks what it found", async () => {
    await using opened = await openForager();
    const { forager } = opened;
    await forager.add(seaPages);
    const found: string[][] = [];
    const callbacks = BaseCallbackHandler.fromMethods({
      handleRetrieverEnd: (documents) => void found.push(texts(documents)),
    });
    const asked: string[] = [];
    const chain = RunnablePassthrough.assign({
      context: async ({ question }: { question: string }, config) => {
        const retriever = new ForagerRetriever({ forager, k: 1 });
        return texts(await retriever.pipe((documents) => documents).invoke(question, config)).join("\n");
      },
    })
      .pipe(ChatPromptTemplate.fromTemplate("{context}\n\n{question}"))
      .pipe((prompt) => {
        asked.push(prompt.toString());
        return prompt;
      })
      .pipe(new FakeListChatModel({ responses: ["At noon."] }))
      .pipe(new StringOutputParser());
    assert.equal(await chain.invoke({ question: "tide turns noon" }, { callbacks: [callbacks] }), "At noon.");
    assert.match(asked[0] ?? "", /The tide turns at noon/);
    assert.deepEqual(found, [[seaPages[0]?.text]]);
  });

  it("tells callbacks of a failure", async () => {
    const failed: unknown[] = [];
    const callbacks = BaseCallbackHandler.fromMethods({
      handleRetrieverError: (error) => void failed.push(error),
    });
    const broken = new Error("no index");
    const retriever = new ForagerRetriever({ forager: { search: () => Promise.reject(broken) } });
    await assert.rejects(retriever.invoke("x", { callbacks: [callbacks] }), (error) => error === broken);
    assert.deepEqual(failed, [broken]);
  });

  it("ends each search by its own run's signal or timeout, in a chain too", async () => {
    const hanging = new ForagerRetriever({
      forager: {
        search: (_query, _options, signal) =>
          new Promise((_, reject) => {
            if (!signal) reject(new Error("no signal came along"));
            signal?.addEventListener("abort", () => reject(signal.reason as Error));
          }),
      },
    });
    const [stopped, other] = [new AbortController(), new AbortController()];
    const reason = new Error("called off");
    const run = hanging.pipe(texts).invoke("x", { signal: stopped.signal });
    const beside = hanging.invoke("y", { signal: other.signal });
    stopped.abort(reason);
    await assert.rejects(run, /called off|abort/i);
    const winner = await Promise.race([beside.catch(() => "ended"), Promise.resolve("goes on")]);
    assert.equal(winner, "goes on");
    other.abort(reason);
    await assert.rejects(beside, (error) => error === reason);
    await assert.rejects(hanging.invoke("z", { timeout: 5 }), { name: "TimeoutError" });
  });
});
