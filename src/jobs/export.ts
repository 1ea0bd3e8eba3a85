import type { Frontier } from "../coordination/frontier.ts";
import type { Archive } from "../rag/archive.ts";

export const exportKinds = ["documents", "chunks"] as const;
export type ExportKind = (typeof exportKinds)[number];

/** Everything the index holds, a record at a time; with `includeFailed` also each URL that gave nothing, and why. */
export function* exportRecords(
  floor: { readonly archive: Archive; readonly frontier: Frontier },
  options: { readonly kind: ExportKind; readonly includeFailed: boolean },
): Generator<Record<string, unknown>> {
  for (const stored of floor.archive.documents()) {
    if (options.kind === "chunks") {
      for (const chunk of floor.archive.documentChunks(stored.id)) {
        const { url, title, headingPath, ordinal, start, end, text, hash } = chunk;
        yield { url, title, headingPath, ordinal, start, end, text, hash };
      }
      continue;
    }
    const { document } = stored;
    yield {
      url: stored.url,
      requestedUrl: stored.requestedUrl,
      finalUrl: stored.finalUrl,
      status: "ok",
      httpStatus: stored.httpStatus,
      reason: "",
      title: document.title,
      markdown: document.markdown,
      text: document.text,
      tier: stored.tier,
      verdict: "ok",
      fetchedAt: new Date(stored.fetchedAt).toISOString(),
      contentHash: stored.contentHash,
      description: document.description,
      author: document.author,
      publishedAt: document.publishedAt,
      language: document.language,
    };
  }
  if (!options.includeFailed || options.kind !== "documents") return;
  for (const ended of floor.frontier.ended()) {
    yield {
      url: ended.url,
      requestedUrl: ended.url,
      finalUrl: ended.url,
      status: ended.state,
      httpStatus: ended.httpStatus,
      reason: ended.reason,
      title: "",
      markdown: "",
      text: "",
      tier: ended.tier,
      verdict: ended.verdict,
      fetchedAt: new Date(ended.finishedAt).toISOString(),
      contentHash: "",
      detail: ended.detail,
      attempts: ended.attempts,
    };
  }
}
