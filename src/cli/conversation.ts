import { createInterface } from "node:readline";
import { visible } from "../agents/prompt-data.ts";
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

/** Where a person sits. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Ctrl-C while an answer is under way. */
  readonly interrupt: () => void;
}

/**
 * What a person types, line by line, until Ctrl-D, or Ctrl-C at the prompt. Lines that come while an answer is under way,
 * typed or pasted, are next; empty ones among them are no end.
 */
export async function* askPerson(prompt: string, terminal: Terminal): AsyncGenerator<string> {
  const { input, output, interrupt } = terminal;
  const lines = createInterface({ input, output, prompt, terminal: true });
  const early: string[] = [];
  let take: ((line: string | undefined) => void) | undefined;
  let isClosed = false;
  lines.on("line", (line) => (take ? take(line) : early.push(line)));
  lines.on("close", () => {
    isClosed = true;
    take?.(undefined);
  });
  // The terminal hands Ctrl-C to who reads it: no signal comes by itself.
  lines.on("SIGINT", () => (take ? lines.close() : interrupt()));
  const next = () => {
    lines.prompt();
    return new Promise<string | undefined>((resolve) => {
      take = (line) => {
        take = undefined;
        resolve(line);
      };
    });
  };
  try {
    for (;;) {
      const waiting = early.shift();
      if (waiting !== undefined) {
        if (waiting.trim() === "") continue;
        output.write(`${prompt}${visible(waiting)}\n`);
        yield waiting;
        continue;
      }
      const line = isClosed ? undefined : await next();
      if (line === undefined) {
        output.write("\n");
        return;
      }
      yield line;
    }
  } finally {
    lines.close();
  }
}
