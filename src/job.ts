import type { EventStream, ForagerEvent } from "./events.ts";

/** Events that wait for a slow reader of a job; beyond these the oldest go. */
const maxWaiting = 10_000;

/** Work under way: `await` it for its result, or iterate over it for its events as they happen. */
export type Job<T> = Promise<T> & AsyncIterable<ForagerEvent> & JobState<T>;

interface JobState<T> {
  /** What the job has done so far; the way to a result when it was cut short. */
  partial(): T | undefined;
}

/** Starts a job. @param partial What is known of its result at any moment. */
export function startJob<T>(
  events: EventStream,
  start: () => Promise<T>,
  partial: () => T | undefined = () => undefined,
): Job<T> {
  const result = start();
  result.catch(() => {}); // whoever awaits or iterates sees it
  return Object.assign(result, { partial, [Symbol.asyncIterator]: () => eventsUntil(events, result) });
}

/** Events from now until `result` settles; its failure is thrown at the end. */
async function* eventsUntil(events: EventStream, result: Promise<unknown>): AsyncGenerator<ForagerEvent> {
  const waiting: ForagerEvent[] = [];
  let isOver = false;
  let wake = nothing;
  const unsubscribe = events.subscribe((event) => {
    if (waiting.length >= maxWaiting) waiting.shift();
    waiting.push(event);
    wake();
  });
  const end = () => {
    isOver = true;
    wake();
  };
  result.then(end, end);
  try {
    for (;;) {
      const event = waiting.shift();
      if (event) yield event;
      else if (isOver) break;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    unsubscribe();
  }
  await result;
}

function nothing(): void {}
