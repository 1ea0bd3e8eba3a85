import { type RunContext, stoppableContext } from "../context.ts";
import { ForagerError } from "../errors.ts";
import { analyzeQuery } from "../rag/text/analyzer.ts";
import type { Answer, Citation } from "../rag/answering/answer.ts";
import type { ChunkStore } from "../rag/chunk-store.ts";
import type { ChatModel } from "./chat-model.ts";
import type { Passage } from "./evidence-passages.ts";
import { writeText } from "./models/write-text.ts";
import { markData } from "./prompt-data.ts";
import { fillPrompt } from "./prompt.ts";
import { SentenceSupport } from "./support-sentence.ts";
import {
  type AnswerSentence,
  CitationList,
  type WrittenAnswer,
  isSameSpan,
  textOf,
} from "./written-answer.ts";
import { type DraftSentence, SentenceReader } from "./written-sentences.ts";

/** A sentence that may be shown: its quotes bear it out. */
export interface ShownSentence extends AnswerSentence {
  /** In the order of `numbers`. */
  readonly citations: readonly Citation[];
}

/** What a model is asked for, and where it is stopped when a page makes it ramble. */
const mostSentences = 6;
const mostCharacters = 6_000;
const nothingFound = /^\W*none\W*$/i;

/** What an answer is written from. */
export interface Material {
  /** The answer by quotes: what stands when the model's does not. */
  readonly quoted: Answer;
  readonly passages: readonly Passage[];
}

/**
 * Lets a model answer from passages. Each sentence is shown as soon as it is complete and a quote bears it out; the others
 * are dropped and counted. When none is left, the quotes themselves stay the answer.
 * @param show Told each sentence that stays, in order.
 * @throws What the model threw, when it broke off before there was a sentence to show.
 */
export async function writeAnswer(
  { quoted, passages }: Material,
  deps: { readonly model: ChatModel; readonly store: Pick<ChunkStore, "idf"> },
  context: RunContext,
  show: (sentence: ShownSentence) => void = () => {},
): Promise<WrittenAnswer> {
  if (quoted.abstained || passages.length === 0) return quoted;
  using enough = stoppableContext(context);
  const writing = new Writing({ quoted, passages }, deps.store, show, () => enough.stop(new EnoughError()));
  const { mark, data } = markData([
    { name: "question", text: quoted.question },
    ...passages.map(({ stored, headingPath, start, end }, index) => ({
      name: `passage ${index + 1}`,
      text: `${headingPath || stored.document.title}\n${stored.document.text.slice(start, end)}`,
    })),
  ]);
  const prompt = { rules: fillPrompt("write-answer", { mark, most: mostSentences }), data };
  const notes: string[] = [];
  try {
    await writeText(deps.model, prompt, enough, (piece) => writing.add(piece));
    writing.end();
  } catch (error) {
    context.signal.throwIfAborted();
    await writing.done;
    if (!(error instanceof EnoughError)) {
      if (!(error instanceof ForagerError) || writing.sentences.length === 0) throw error;
      notes.push("The chat model broke off; its answer may lack its end.");
    }
  }
  await writing.done;
  return writing.answer(notes);
}

/** The caller has read enough of what a model writes. */
class EnoughError extends ForagerError {
  constructor() {
    super("model", "The model wrote more than was asked for.");
  }
}

/** An answer that is being written: what may be shown of it so far. */
class Writing {
  readonly sentences: AnswerSentence[] = [];
  /** When all that was added has been judged. */
  done: Promise<void> = Promise.resolve();
  readonly #quoted: Answer;
  readonly #store: Pick<ChunkStore, "idf">;
  readonly #show: (sentence: ShownSentence) => void;
  readonly #stop: () => void;
  readonly #reader = new SentenceReader();
  readonly #support: SentenceSupport;
  readonly #list = new CitationList();
  #length = 0;
  #dropped = 0;
  #saysNothing = false;

  constructor(
    { quoted, passages }: Material,
    store: Pick<ChunkStore, "idf">,
    show: (sentence: ShownSentence) => void,
    stop: () => void,
  ) {
    this.#quoted = quoted;
    this.#store = store;
    this.#show = show;
    this.#stop = stop;
    this.#support = new SentenceSupport(quoted.question, passages);
  }

  add(piece: string): void {
    const isOver = this.#length > mostCharacters;
    this.#length += piece.length;
    if (isOver) return;
    this.#judge(this.#reader.push(piece));
    if (this.#length > mostCharacters) this.#stop();
  }

  end(): void {
    this.#judge(this.#reader.end());
  }

  answer(notes: readonly string[]): WrittenAnswer {
    const left = this.#dropped === 0 ? [] : [describeDropped(this.#dropped)];
    if (this.sentences.length === 0) {
      const why = this.#saysNothing
        ? ["The chat model found no answer in the passages; these are quotes."]
        : left;
      return { ...this.#quoted, notes: [...this.#quoted.notes, ...why, ...notes] };
    }
    const written = {
      ...this.#quoted,
      citations: this.#list.citations,
      sentences: this.sentences,
      notes: [...this.#quoted.notes, ...left, ...notes],
    };
    return { ...written, answer: textOf(written) };
  }

  #judge(drafts: readonly DraftSentence[]): void {
    for (const draft of drafts) {
      this.done = this.done.then(() => this.#take(draft));
      this.done.catch(() => {}); // whoever awaits the last of them sees it
    }
  }

  async #take(draft: DraftSentence): Promise<void> {
    if (this.sentences.length >= mostSentences) return;
    if (nothingFound.test(draft.text)) {
      this.#saysNothing = true;
      return;
    }
    const terms = analyzeQuery(draft.text);
    const weights = await this.#store.idf(terms);
    const idf = new Map([...terms.ids].map((id, index) => [id, weights[index] ?? 0]));
    const supported = this.#support.find(draft, (term) => idf.get(term) ?? 0);
    if (!supported) {
      this.#dropped += 1;
      return;
    }
    const { text } = supported;
    if (this.sentences.some((sentence) => sentence.text === text)) return;
    const citations = supported.citations.map((citation) => this.#scored(citation));
    const numbers = citations.map((citation) => this.#list.add(citation));
    this.sentences.push({ text, numbers });
    this.#show({ text, numbers, citations });
    if (this.sentences.length >= mostSentences) this.#stop();
  }

  /** A span that the extractor also quotes has its measured chance. */
  #scored(citation: Citation): Citation {
    return this.#quoted.citations.find((other) => isSameSpan(citation, other)) ?? citation;
  }
}

function describeDropped(count: number): string {
  return `${count} ${count === 1 ? "sentence" : "sentences"} of the chat model left out: no quote bears ${count === 1 ? "it" : "them"} out.`;
}
