import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Respelling } from "../../src/rag/retrieval/respell.ts";
import { oneSlipFrom, slipsBetween } from "../../src/rag/retrieval/slips.ts";
import { termsOf } from "../../src/rag/text/analyzer.ts";

const shortWord = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 6 });

describe("slips of the keys", () => {
  for (const [one, other, slips] of [
    ["configuration", "configuration", 0],
    ["configuraton", "configuration", 1],
    ["connfiguration", "configuration", 1],
    ["lisen", "listen", 1],
    ["litsen", "listen", 1],
    ["listem", "listen", 1],
    ["lsiten", "listen", 1],
    ["lissten", "listens", 2],
    ["silent", "listen", undefined],
    ["", "ab", 2],
  ] as const) {
    it(`are ${slips ?? "more than two"} between "${one}" and "${other}"`, () => {
      assert.equal(slipsBetween(one, other, 2), slips);
      assert.equal(slipsBetween(other, one, 2), slips);
    });
  }

  it("are counted alike however many are allowed", () => {
    const holds = fc.property(shortWord, shortWord, fc.nat(6), (one, other, most) => {
      const all = slipsBetween(one, other, 12);
      assert.equal(slipsBetween(one, other, most), all !== undefined && all <= most ? all : undefined);
    });
    fc.assert(holds);
  });

  it("lead to just the words that are one away and begin with the same letter, or with both first ones swapped", () => {
    const holds = fc.property(shortWord, shortWord, (one, other) => {
      const isNear = slipsBetween(one, other, 1) === 1;
      const isSwapped = other === `${one.charAt(1)}${one.charAt(0)}${one.slice(2)}`;
      const isMeant = isNear && (one.charAt(0) === other.charAt(0) || isSwapped);
      assert.equal(oneSlipFrom(one, "abc").has(other), isMeant && other !== "", `${one} ${other}`);
    });
    fc.assert(holds);
  });
});

const pages = [
  "The configuration file says where Lantern listens. Each listener is reloaded, and handles signals.",
  "SQLite is thread-safe. The keepalive timeout is 5 seconds; the hostname is that of the machine.",
  "Only a single directory may be named in AllowOverrideList, on Windows and in Germany.",
  "Since the single release before, this is the default which everyone should take.",
  "Lanterns come in many colors, pointed at the top.",
  "LANTERN_MAXWICK is set when it is built.",
];
const elsewhere = "Whatever happens, gardening tools are missing.";

/** What a question becomes, and how often the index was asked for words. */
async function respelt(question: string) {
  const index = new Set([...pages, elsewhere].flatMap((text) => termsOf(text)));
  let lookUps = 0;
  const respelling = new Respelling(question, {
    lookUp: async (terms) => {
      lookUps += 1;
      return new Set(terms.filter((term) => index.has(term)));
    },
    isWord: async (word) => ["pointer", "colours"].includes(word),
  });
  const isWorthATry = await respelling.isWorthATry();
  const found = isWorthATry ? await respelling.by(pages) : undefined;
  return { text: found?.text, corrections: found?.corrections, isWorthATry, lookUps };
}

describe("a question's words", () => {
  for (const [question, text] of [
    ["Where is the configuraton file?", "Where is the configuration file?"],
    ["Where is the ocnfiguration file?", "Where is the configuration file?"],
    ["Configuraton of Lantern", "configuration of Lantern"],
    ["Where is the confguraton file?", "Where is the configuration file?"],
    ["Waht is teh configuration?", "what is the configuration?"],
    ["Which sinle direcotry is named?", "Which single directory is named?"],
    ["What does it handlle", "What does it handle"],
    ["In which colours?", "In which colors?"],
    ["Is it relaoding?", "Is it reloading?"],
    ["Is AllowOverideList there?", "Is AllowOverrideList there?"],
    ["Does it run on Winodws?", "Does it run on Windows?"],
    ["Is SQLite threadsafe?", "Is SQLite thread-safe?"],
    ["Is SQLite ThreadSafe?", "Is SQLite thread-safe?"],
    ["How long is the keep alive timeout?", "How long is the keepalive timeout?"],
    ["How long is the keep-alive time-out?", "How long is the keepalive timeout?"],
    ["How long is the KeepAlive time out?", "How long is the KeepAlive timeout?"],
    ["What is the host name?", "What is the hostname?"],
    ["Is a tool misssing?", "Is a tool missing?"],
  ] as const) {
    it(`are written as the pages write them: ${question}`, async () => {
      assert.equal((await respelt(question)).text, text);
    });
  }

  for (const question of [
    "Where is the configuration file?",
    "Does Lantern support MSQL?",
    "Does Lantern support nginx?",
    "Does Lantern run in German?",
    "Does it run on Wind?",
    "What is listne_port?",
    "What is configuraton.xml?",
    "What does --configuraton do?",
    'What does "configuraton" mean?',
    "What does `configuraton` mean?",
    "Is listen2 there?",
    "What is a lisp?",
    "What is a pointer?",
    "Whats the configuration?",
    "How long is the max wick?",
    "Where is the xylophone?",
    "配置文件在哪里",
    "",
  ]) {
    it(`stay where they may be meant: ${question}`, async () => {
      assert.equal((await respelt(question)).text, undefined);
    });
  }

  it("are told with what they were taken for", async () => {
    const { corrections } = await respelt("Is the configuraton threadsafe?");
    assert.deepEqual(corrections, [
      { written: "configuraton", read: "configuration", kind: "spelling" },
      { written: "threadsafe", read: "thread-safe", kind: "joining" },
    ]);
  });

  it("are looked up once where all of them are known, and compared with nothing", async () => {
    const { isWorthATry, lookUps } = await respelt("Where is the configuration file?");
    assert.equal(isWorthATry, false);
    assert.equal(lookUps, 1);
  });
});
