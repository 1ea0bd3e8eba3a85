import { createInterface } from "node:readline";
import type { Turn } from "../agents/question-planner.ts";
import { ForagerError } from "../errors.ts";

/** Follow-ups lean on the latest. */
const keptTurns = 10;

/**
 * Answers one question after the other, each knowing the ones before, until an empty one.
 * @param answer What came of a question, in words.
 * @param complain Told of a question that failed; the conversation goes on.
 */
export async function converse(
  questions: AsyncIterable<string>,
  answer: (question: string, history: readonly Turn[]) => Promise<string>,
  complain: (error: ForagerError) => void,
  signal: AbortSignal,
): Promise<void> {
  let history: readonly Turn[] = [];
  for await (const line of questions) {
    const question = line.trim();
    if (question === "") return;
    try {
      history = [...history, { question, answer: await answer(question, history) }].slice(-keptTurns);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ForagerError)) throw error;
      complain(error);
    }
  }
}

/** What a person types at a prompt, line by line, until Ctrl-D or Ctrl-C. */
export async function* askPerson(prompt: string): AsyncGenerator<string> {
  const earlier: string[] = [];
  for (;;) {
    // One for each line: between them the terminal is as it was, so that Ctrl-C stops an answer under way.
    const lines = createInterface({
      input: process.stdin,
      output: process.stderr,
      history: [...earlier],
      terminal: true,
    });
    const line = await new Promise<string | undefined>((resolve) => {
      lines.once("close", () => resolve(undefined));
      lines.once("SIGINT", () => lines.close());
      lines.question(prompt, resolve);
    });
    lines.close();
    if (line === undefined) {
      process.stderr.write("\n");
      return;
    }
    earlier.unshift(line);
    yield line;
  }
}
