// Questions as they are typed in haste: one slip in one word of each, the same for the same seed.
import { stopWords } from "../src/rag/text/stop-words.ts";
import { seededRandom } from "../src/rag/evaluation/seeded-random.ts";

/** Shorter words are rarely the ones that matter, and a slip makes another word of them. */
const leastLetters = 5;
/** Keys beside one another on a QWERTY keyboard. */
const rows = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

type Slip = (word: string, at: number, random: () => number) => string;

const slips: readonly Slip[] = [
  /** Two letters changed about. */
  (word, at) => `${word.slice(0, at - 1)}${word.charAt(at)}${word.charAt(at - 1)}${word.slice(at + 1)}`,
  /** One left out. */
  (word, at) => word.slice(0, at) + word.slice(at + 1),
  /** One typed twice. */
  (word, at) => word.slice(0, at) + word.charAt(at) + word.slice(at),
  /** The key beside it. */
  (word, at, random) => word.slice(0, at) + neighbour(word.charAt(at), random) + word.slice(at + 1),
];

/** Gives each question in turn one slip in a word that matters, past its first letter; a question without such a word stays. */
export function typist(seed: number): (question: string) => string {
  const random = seededRandom(seed);
  const drawn = (count: number) => Math.floor(random() * count);
  return (question) => {
    const words = [...question.matchAll(/(?<![\p{L}\p{N}_./-])\p{L}+(?![\p{L}\p{N}_/-])/gu)].filter(
      ([word]) => word.length >= leastLetters && !stopWords.has(word.toLowerCase()),
    );
    const chosen = words[drawn(words.length)];
    if (!chosen) return question;
    const [word] = chosen;
    for (;;) {
      const slip = slips[drawn(slips.length)] as Slip;
      // Two letters change about behind the first one.
      const written = slip(word, 2 + drawn(word.length - 2), random);
      if (written !== word)
        return question.slice(0, chosen.index) + written + question.slice(chosen.index + word.length);
    }
  };
}

function neighbour(letter: string, random: () => number): string {
  const row = rows.find((row) => row.includes(letter.toLowerCase()));
  if (row === undefined) return letter;
  const at = row.indexOf(letter.toLowerCase());
  const beside = [row.charAt(at - 1), row.charAt(at + 1)].filter((key) => key !== "");
  return beside[Math.floor(random() * beside.length)] ?? letter;
}
