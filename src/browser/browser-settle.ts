import type { Clock } from "../clock.ts";
import type { PageReader } from "./browser-reader.ts";
import type { PageWatch } from "./browser-watch.ts";

export interface SettleLimits {
  readonly loadTimeoutMs: number;
  readonly settleTimeoutMs: number;
  readonly settleQuietMs: number;
}

/**
 * Waits until a page's document is there and has stopped changing: the network is quiet and there is text, or the
 * text stays as it is although the network does not rest (long polls, beacons). Client redirects start it again.
 * A page that never rests is taken as it is when the time is over.
 */
export async function waitUntilSettled(
  deps: { readonly watch: PageWatch; readonly reader: PageReader; readonly clock: Clock },
  limits: SettleLimits,
  signal: AbortSignal,
): Promise<void> {
  const { watch, reader, clock } = deps;
  let loadingSince = clock.now();
  let readyAt: number | undefined;
  let text = { length: 0, since: loadingSince, measuredAt: 0 };
  for (;;) {
    await clock.sleep(pollMs, signal);
    const now = clock.now();
    if (!watch.isDocumentReady) {
      if (readyAt !== undefined) loadingSince = now; // It went on to another document.
      readyAt = undefined;
      // A page's scripts may wait for ever on a dead server; its own HTML must be whole.
      if (watch.isDocumentArriving || now - loadingSince < limits.loadTimeoutMs) continue;
      return;
    }
    readyAt ??= now;
    if (watch.isExhausted || now - readyAt >= limits.settleTimeoutMs) return;
    const isQuiet = watch.quietMs >= limits.settleQuietMs;
    const isLong = now - readyAt >= restlessMs;
    if ((!isQuiet && !isLong) || now - text.measuredAt < textPollMs) continue;
    const length = await reader.textLength();
    if (length !== text.length) text = { length, since: now, measuredAt: now };
    else text = { ...text, measuredAt: now };
    if (length < leastText) continue;
    if (isQuiet || now - text.since >= stableTextMs) return;
  }
}

/** How often the network is looked at, and the text, which costs a layout. */
const pollMs = 50;
const textPollMs = 250;

/** After so long without a quiet network, text that stays the same is enough. */
const restlessMs = 1_500;
const stableTextMs = 1_000;

/** A page with less text than a short sentence may still be waiting for a timer: a shell that will draw itself. */
const leastText = 32;
