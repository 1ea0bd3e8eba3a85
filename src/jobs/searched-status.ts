import { within } from "../deadline.ts";
import { ForagerError, messageOf } from "../errors.ts";
import type { IndexFeed } from "../rag/index-feed.ts";
import type { Probe } from "../rag/stores/watched.ts";
import type { Check } from "./doctor.ts";
import { flawOf } from "./index-flaw.ts";
import type { RemoteIndex, RemoteStore } from "./migrate.ts";

/** How a store elsewhere stands to the data folder that it is fed from. */
export interface SearchedStatus {
  /** `Qdrant at http://127.0.0.1:6333`. */
  readonly server: string;
  readonly collection: string;
  readonly isReachable: boolean;
  /** Whether questions are answered from it; else from the data folder. */
  readonly isSearched: boolean;
  /** Why not, and what to do; empty when they are. */
  readonly detail: string;
  /** Documents of the folder that changed or went, and wait to be sent. */
  readonly waiting: number;
  /** When it last got something from this folder; empty when it never did. */
  readonly fedAt: string;
}

/** What {@link describeSearched} looks at. */
export interface SearchedFloor {
  readonly store: Pick<RemoteStore, "name" | "place" | "look">;
  readonly collection: string;
  readonly feed: Pick<IndexFeed, "lag">;
  /** Whether the store answers at all. */
  readonly probe: Probe;
}

/** `status` does not wait longer for a server that does not answer. */
const answerMs = 2_000;

/** Asks the store how it stands, and counts what waits for it; nothing is changed. */
export async function describeSearched(
  { store, collection, feed, probe }: SearchedFloor,
  signal?: AbortSignal,
): Promise<SearchedStatus> {
  let isReachable = false;
  let index: RemoteIndex | undefined;
  const stand = async (own: AbortSignal) => {
    await probe(own);
    isReachable = true;
    const flaw = await flawOf(store, async () => (index = await store.look(own)));
    // One that is not there lacks everything.
    return { detail: flaw?.why ?? "", target: flaw?.kind === "missing" ? "" : index?.id };
  };
  const { detail, target } = await within(
    `Asking ${store.name} how it stands`,
    answerMs,
    signal,
    stand,
  ).catch((error: unknown) => {
    signal?.throwIfAborted();
    if (!(error instanceof ForagerError)) throw error;
    return { detail: messageOf(error), target: undefined };
  });
  const { waiting, fedAt } = feed.lag(target);
  return {
    server: store.name,
    collection,
    isReachable,
    isSearched: detail === "",
    detail,
    waiting,
    fedAt: fedAt === undefined ? "" : new Date(fedAt).toISOString(),
  };
}

/** How far it is behind, in words. */
export function describeLag({ waiting, fedAt }: SearchedStatus): string {
  const wait = waiting === 1 ? "1 document waits" : `${waiting} documents wait`;
  const lag = waiting === 0 ? "has everything" : `${wait} to be sent`;
  return `${lag}, ${fedAt === "" ? "never fed from here" : `last fed ${fedAt}`}`;
}

/** The same for `doctor`. */
export function checkFeed(status: SearchedStatus): Check {
  const { waiting, detail } = status;
  const remedy = "The next crawl or embed sends them, or: forager migrate --to qdrant";
  return {
    what: "Qdrant's feed",
    isOk: waiting === 0 && detail === "",
    isNeeded: false,
    detail: [describeLag(status), ...(waiting > 0 ? [remedy] : []), detail].filter(Boolean).join(". "),
  };
}
