// Indexes the pages stage by stage, so that each can be told from the others; in a crawl they overlap.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IndexedPage } from "../../src/agents/reader-thread.ts";
import { systemClock } from "../../src/clock.ts";
import { Database } from "../../src/database.ts";
import type { FetchedPage } from "../../src/document.ts";
import { EventStream } from "../../src/events.ts";
import { silentLog } from "../../src/log.ts";
import { EmbedBacklog } from "../../src/rag/embed-backlog.ts";
import { createLocalOnnxEmbedder } from "../../src/rag/embedders/local-onnx.ts";
import { archiveSchema } from "../../src/rag/stores/sqlite-schema.ts";
import { SqliteArchive } from "../../src/rag/stores/sqlite-archive.ts";
import { fetchedPages, readOne, values } from "./pages.ts";
import { report, spent } from "./stages.ts";

/** As in a crawl, so many pages share a commit. */
const pagesPerCommit = 8;

const folder = mkdtempSync(join(tmpdir(), "forager-bench-"));
try {
  using database = new Database(join(folder, "forager.db"), { schema: [archiveSchema] });
  await using embedder = await createLocalOnnxEmbedder(
    { log: silentLog },
    { modelFolder: "", threads: Number(values.threads), isBackground: false },
  );
  const archive = new SqliteArchive({ database, embedder });
  const read: { readonly page: FetchedPage; readonly indexed: IndexedPage }[] = [];
  const reading = await spent(async () => {
    for (const page of fetchedPages()) {
      const indexed = await readOne(page);
      if (indexed) read.push({ page, indexed });
    }
  });
  const storing = await spent(async () => {
    for (let at = 0; at < read.length; at += pagesPerCommit) {
      const group = read.slice(at, at + pagesPerCommit);
      await Promise.all(group.map((one) => database.write(() => store(archive, one))));
    }
  });
  // Every thread loads its model before the clock starts, as the runtime alone does.
  await embedder.embed(Array.from({ length: 8 * embedder.concurrency }, () => "warm up"));
  const backlog = new EmbedBacklog({
    archive,
    embedder,
    write: (work) => database.write(work),
    events: new EventStream(),
    clock: systemClock,
  });
  const embedding = await spent(() => backlog.run({ onlyLead: false }));
  const { chunks, embedded } = archive.stats();
  if (embedded !== chunks) throw new Error(`${embedded} of ${chunks} chunks were embedded.`);
  report(chunks, { reading, storing, embedding });
} finally {
  rmSync(folder, { recursive: true });
}

function store(
  archive: SqliteArchive,
  { page, indexed }: { readonly page: FetchedPage; readonly indexed: IndexedPage },
): void {
  const { requestedUrl, finalUrl, httpStatus, tier, fetchedAt, wireBytes } = page;
  archive.upsert({
    ...indexed,
    url: finalUrl,
    requestedUrl,
    finalUrl,
    host: new URL(finalUrl).host,
    httpStatus,
    tier,
    fetchedAt,
    etag: "",
    lastModified: "",
    bytes: wireBytes,
  });
}
