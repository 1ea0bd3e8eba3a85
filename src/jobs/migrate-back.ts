import type { RunContext } from "../context.ts";
import type { Archive } from "../rag/archive.ts";
import type { DocumentState, PassageState } from "../rag/document-state.ts";
import type { MigrateFloor, MigrateSummary } from "./migrate.ts";

/**
 * Makes the data folder hold what Qdrant holds; what only the folder has, or has of a later fetch, stays. Only documents
 * that the folder lacks are read in full. Run again after a stop it goes on.
 */
export async function migrateFromRemote(
  floor: MigrateFloor,
  { signal }: RunContext,
): Promise<MigrateSummary> {
  const startedAt = floor.clock.now();
  const { archive, remote, events } = floor;
  const { documents: total } = await remote.stats(signal);
  let compared = 0;
  const tell = (count: number) => {
    compared += count;
    events.emit({ type: "documents-compared", count: compared, total });
  };
  let moved = 0;
  for await (const states of remote.states(signal)) {
    const lacked = await lackedOf(states, floor, signal);
    tell(states.length - lacked.length);
    for await (const document of remote.indexed(lacked, signal)) {
      const isKept = isOlder(document, archive.state(document.url));
      await floor.database.write(() => {
        if (!isKept) archive.upsert(document);
        const vectors = document.chunks.flatMap(({ hash, vector }) => (vector ? [{ hash, vector }] : []));
        if (vectors.length > 0) archive.putVectors(vectors);
      });
      moved += 1;
      tell(1);
      events.emit({ type: "documents-fed", to: "the data folder", count: 1 });
    }
  }
  await archive.optimize(signal);
  const stats = archive.stats();
  return { to: "The data folder", moved, ...stats, durationMs: floor.clock.now() - startedAt };
}

/** The addresses of those of which the folder lacks something. What passages are told by is asked for only where it decides. */
async function lackedOf(
  states: readonly DocumentState[],
  { archive, remote }: MigrateFloor,
  signal: AbortSignal,
): Promise<string[]> {
  const unlike = states.flatMap((wanted) => {
    const held = archive.state(wanted.url);
    return held?.digest === wanted.digest ? [] : [{ wanted, held }];
  });
  const sameText = unlike.filter(({ wanted, held }) => held?.contentHash === wanted.contentHash);
  const passages = await remote.passageStates(
    sameText.map(({ wanted }) => wanted.url),
    signal,
  );
  return unlike
    .filter(({ wanted, held }) =>
      held?.contentHash === wanted.contentHash
        ? held.fetchedAt < wanted.fetchedAt || !holds(held.passages, passages.get(wanted.url) ?? [])
        : !isOlder(wanted, held),
    )
    .map(({ wanted }) => wanted.url);
}

function isOlder(wanted: Pick<DocumentState, "fetchedAt">, held: ReturnType<Archive["state"]>): boolean {
  return held !== undefined && held.fetchedAt > wanted.fetchedAt;
}

/** Whether passages are the same, with a vector wherever the others have one. */
function holds(held: readonly PassageState[], wanted: readonly PassageState[]): boolean {
  return (
    held.length === wanted.length &&
    wanted.every(
      ({ hash, isEmbedded }, at) => held[at]?.hash === hash && (!isEmbedded || held[at].isEmbedded),
    )
  );
}
