import type { ChunkId, StoredDocument } from "../rag/chunk-store.ts";
import type { Hit } from "../rag/retrieval/retrieve.ts";
import type { Range } from "../rag/text/sentences.ts";
import { estimateTokens } from "../rag/text/token-estimate.ts";

/** A run of a page that a model reads. */
export interface Passage extends Range {
  readonly stored: StoredDocument;
  readonly headingPath: string;
  /** 0 to 1: how likely it is about the question. */
  readonly confidence: number;
}

/** Tokens for all passages together, and for one with what stands around it. */
const allTokens = 3_000;
const passageTokens = 600;
const mostPassages = 8;

/** The best passages with what stands around them in their sections, best first, within a budget of tokens. */
export function evidencePassages(
  hits: readonly Hit[],
  documents: ReadonlyMap<ChunkId, StoredDocument>,
): Passage[] {
  const passages: Passage[] = [];
  let left = allTokens;
  for (const { chunk, confidence } of hits) {
    const stored = documents.get(chunk.documentId);
    if (!stored || passages.length >= mostPassages) continue;
    if (passages.some((passage) => passage.stored === stored && overlap(passage, chunk))) continue;
    const { text } = stored.document;
    const taken = passages.filter((passage) => passage.stored === stored);
    const range = withSurroundings(stored, chunk, Math.min(passageTokens, left), taken);
    const tokens = estimateTokens(text, range.start, range.end);
    if (tokens > left) break;
    left -= tokens;
    passages.push({ ...range, stored, headingPath: chunk.headingPath, confidence });
  }
  return passages;
}

/** Takes in the blocks before and after, in turns, up to the section's ends, to `limit` tokens, or to another passage. */
function withSurroundings(
  { document: { text, blocks } }: StoredDocument,
  chunk: Range,
  limit: number,
  taken: readonly Range[],
): Range {
  let { start, end } = chunk;
  let tokens = estimateTokens(text, start, end);
  let before = blocks.findLastIndex((block) => block.start < start);
  let after = blocks.findIndex((block) => block.end > end);
  const fits = (more: Range): boolean => {
    const added = estimateTokens(text, more.start, more.end);
    if (tokens + added > limit || taken.some((other) => overlap(other, more))) return false;
    tokens += added;
    return true;
  };
  // What comes after a passage explains it more often than what comes before: it goes first.
  for (let isOpen = true; isOpen;) {
    isOpen = false;
    const next = after < 0 ? undefined : blocks[after];
    if (next && (next.kind !== "heading" || next.start < end) && fits({ start: end, end: next.end })) {
      end = next.end;
      after = after + 1;
      isOpen = true;
    }
    const previous = blocks[before];
    if (previous && !startsAtHeading(blocks, start) && fits({ start: previous.start, end: start })) {
      start = previous.start;
      before -= 1;
      isOpen = true;
    }
  }
  return { start, end };
}

function startsAtHeading(blocks: StoredDocument["document"]["blocks"], start: number): boolean {
  return blocks.some((block) => block.kind === "heading" && block.start === start);
}

function overlap(one: Range, other: Range): boolean {
  return one.start < other.end && other.start < one.end;
}
