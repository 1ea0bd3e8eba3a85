import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { WrittenAnswer } from "../../src/agents/written-answer.ts";
import { AnswerView, describeAnswer } from "../../src/cli/answer-view.ts";
import { askPerson, converse } from "../../src/cli/conversation.ts";
import { OptionsError } from "../../src/errors.ts";
import type { ForagerEvent } from "../../src/events.ts";

const answer = (over: Partial<WrittenAnswer> = {}): WrittenAnswer => ({
  question: "How much?",
  answer: "It holds 2 litres. [1] It burns. [1]\nNot found in the indexed pages: Who?",
  confidence: 0.83,
  abstained: false,
  citations: [
    {
      url: "https://a.example/",
      title: "Lamps",
      quote: "It holds\n2 litres.",
      start: 0,
      end: 18,
      score: 0.8,
    },
  ],
  conflicts: [],
  notes: [],
  ...over,
});
const sentence = (text: string, part = 0): ForagerEvent => ({
  type: "answer-sentence",
  question: "How much?",
  part,
  text,
  sources: [],
});

async function* typed(...lines: readonly string[]) {
  yield* lines;
}

/** What stands on the terminal after these events and the answer. */
function viewed(
  events: readonly ForagerEvent[],
  whole: WrittenAnswer,
): { readonly early: string; readonly all: string } {
  let all = "";
  const view = new AnswerView(
    (text) => (all += text),
    (value) => value,
  );
  for (const event of events) view.add(event);
  const early = all;
  view.end(whole);
  return { early, all };
}

describe("an answer on a terminal", () => {
  it("is shown as it comes, and is then the same as the whole", () => {
    const { early, all } = viewed([sentence("It holds 2 litres. [1]"), sentence("It burns. [1]")], answer());
    assert.equal(early, "It holds 2 litres. [1] It burns. [1]");
    assert.equal(all, describeAnswer(answer()));
  });

  it("has a line for each part", () => {
    const { all } = viewed([sentence("One."), sentence("Two.", 1)], answer({ answer: "One.\nTwo." }));
    assert.equal(all, describeAnswer(answer({ answer: "One.\nTwo." })));
  });

  it("is shown again when its last check changed it", () => {
    const { all } = viewed([sentence("It holds 2 litres. [1]"), sentence("Gone. [2]")], answer());
    assert.match(all, /Gone\. \[2\]\n\nAfter a last check:\nIt holds 2 litres\. \[1\] It burns/);
  });

  it("is shown whole when nothing of it came before", () => {
    assert.equal(viewed([], answer()).all, describeAnswer(answer()));
  });

  it("by quotes shows each once, as on its page and numbered, and each page once", () => {
    const [first] = answer().citations;
    assert.ok(first);
    const second = {
      ...first,
      quote: "fill lamp\n\n\n  --with oil",
      start: 30,
      end: 54,
      answer: { start: 44, end: 54 },
    };
    const third = { ...first, url: "https://b.example/", title: "Oil", quote: "Oil burns." };
    const quoted = answer({
      answer: "It holds 2 litres. fill lamp --with oil Oil burns.\nNot found in the indexed pages: Who?",
      citations: [first, second, third],
    });
    assert.equal(
      describeAnswer(quoted),
      [
        "It holds\n2 litres. [1]\n",
        "fill lamp\n\n  --with oil [2]\n",
        "Oil burns. [3]\n",
        "Not found in the indexed pages: Who?\n",
        "Confidence 83 %, from:",
        "  [1] [2] Lamps\n      https://a.example/",
        "  [3] Oil\n      https://b.example/",
        "",
      ].join("\n"),
    );
    let emphasised = "";
    new AnswerView(
      (text) => (emphasised += text),
      (value) => `*${value}*`,
    ).end(quoted);
    assert.match(emphasised, /^fill lamp\n\n  \*--with oil\* \[2\]$/m);
    const told = {
      ...sentence("It holds 2 litres. fill lamp --with oil Oil burns."),
      sources: [first, second, third].map((one, at) => ({ ...one, number: at + 1 })),
    };
    assert.equal(viewed([told], quoted).all, describeAnswer(quoted), "once, although it was told before");
  });

  it("says how sure it is, where it stands, who disagrees, and what a reader should know", () => {
    const [citation] = answer().citations;
    assert.ok(citation);
    const text = describeAnswer(
      answer({
        notes: ["Understood as: How much?"],
        conflicts: [
          {
            about: "How much?",
            sides: [
              { value: "2 litres", weight: 0.8, citations: [citation] },
              { value: "3 litres", weight: 0.5, citations: [{ ...citation, quote: "It holds 3 litres." }] },
            ],
            chosen: 0,
            by: "newer",
          },
        ],
      }),
    );
    assert.match(
      text,
      /Confidence 83 %, from:\n {2}\[1\] Lamps\n {6}https:\/\/a\.example\/\n {6}"It holds 2 litres\."/,
    );
    assert.match(text, /Sources disagree:\n {2}2 litres {2}\(the answer follows this: it is the newest\)/);
    assert.match(text, / {2}3 litres\n {6}"It holds 3 litres\."\n {6}https:\/\/a\.example\//);
    assert.match(text, /Note: Understood as: How much\?/);
  });

  it("shows a long quote up to a word", () => {
    const [citation] = answer().citations;
    assert.ok(citation);
    const shown = (quote: string) =>
      /"(.+)"/.exec(describeAnswer(answer({ citations: [{ ...citation, quote }] })))?.[1];
    const long = "It holds two litres. ".repeat(50);
    const cut = shown(long) ?? "";
    assert.match(cut, /(?:holds|two|It|litres\.) …$/);
    assert.ok(cut.length > 200 && cut.length <= 242, cut);
    assert.equal(shown("a".repeat(240)), "a".repeat(240));
    assert.equal(shown(`${"a".repeat(239)}😀 b`), `${"a".repeat(239)} …`);
  });

  it("gives the terminal no orders from pages", () => {
    const [citation] = answer().citations;
    assert.ok(citation);
    const orders = "\u001B]0;owned\u0007\u001B[2J\u202E";
    const hostile = answer({
      answer: `It burns.${orders}`,
      citations: [{ ...citation, title: orders, quote: `It burns.${orders}` }],
    });
    const printed = describeAnswer(hostile) + viewed([sentence(`Hi.${orders}`)], hostile).all;
    const hidden = printed.match(/[\p{Cc}\p{Cf}]/gu)?.filter((character) => character !== "\n");
    assert.deepEqual(hidden, []);
  });
});

describe("a conversation", () => {
  const { signal } = new AbortController();

  it("gives each question those before it, until an empty line", async () => {
    const seen: unknown[] = [];
    await converse(
      typed("  How much?", "And how long? ", "", "never asked"),
      async (question, history) => {
        seen.push([question, history]);
        return `About ${question}`;
      },
      () => {},
      signal,
    );
    assert.deepEqual(seen, [
      ["How much?", []],
      ["And how long?", [{ question: "How much?", answer: "About How much?" }]],
    ]);
  });

  it("goes on after a question that failed, as if it had not been asked", async () => {
    const complaints: string[] = [];
    const histories: number[] = [];
    await converse(
      typed("bad", "good"),
      async (question, history) => {
        histories.push(history.length);
        if (question === "bad") throw new OptionsError("The question", "too bad");
        return "fine";
      },
      ({ message }) => complaints.push(message),
      signal,
    );
    assert.deepEqual([complaints, histories], [["The question: too bad"], [0, 0]]);
  });

  it("ends with what stopped it", async () => {
    const stop = new AbortController();
    const reason = new Error("interrupted");
    const talking = converse(
      typed("one", "two"),
      () => {
        stop.abort(reason);
        return Promise.reject(new OptionsError("x", "y"));
      },
      () => {},
      stop.signal,
    );
    await assert.rejects(talking, (error) => error === reason);
  });
});

describe("a person at a terminal", () => {
  const { signal } = new AbortController();

  it("may type ahead while an answer is under way, and paste several questions", async () => {
    const { terminal, seen, type } = openTerminal();
    const asked: string[] = [];
    type("one\n");
    await converse(
      askPerson("? ", terminal),
      async (question) => {
        asked.push(question);
        if (question === "one") type("two\nthree\n\nfour\npart");
        if (question === "four") setImmediate(() => type("ly\n"));
        if (question === "partly") type("\u0004");
        await nextTurn();
        return "fine";
      },
      () => {},
      signal,
    );
    assert.deepEqual(asked, ["one", "two", "three", "four", "partly"]);
    assert.match(seen.shown, /\? two\n.*\? three\n/s);
    assert.equal(seen.interrupts, 0);
  });

  it("ends it with an empty line at the prompt", async () => {
    const { terminal, type } = openTerminal();
    const asked: string[] = [];
    type("one\n");
    await converse(
      askPerson("? ", terminal),
      async (question) => {
        asked.push(question);
        setImmediate(() => setImmediate(() => type("\n")));
        return "fine";
      },
      () => {},
      signal,
    );
    assert.deepEqual(asked, ["one"]);
  });

  it("interrupts an answer with Ctrl-C, and leaves with it at the prompt", async () => {
    const { terminal, seen, type } = openTerminal();
    type("one\n");
    await converse(
      askPerson("? ", terminal),
      async () => {
        type("\u0003");
        await nextTurn();
        assert.equal(seen.interrupts, 1);
        setImmediate(() => setImmediate(() => type("\u0003")));
        return "fine";
      },
      () => {},
      signal,
    );
    assert.equal(seen.interrupts, 1);
  });
});

/** A terminal whose keys are given, and what was shown on it. */
function openTerminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  const seen = { shown: "", interrupts: 0 };
  output.setEncoding("utf8").on("data", (text: string) => (seen.shown += text));
  const terminal = { input, output, interrupt: () => (seen.interrupts += 1) };
  return { terminal, seen, type: (keys: string) => void input.write(keys) };
}
