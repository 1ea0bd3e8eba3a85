import type { RunContext } from "../../context.ts";
import type { EventStream, ForagerEventType } from "../../events.ts";
import type { Bus } from "./bus.ts";

/**
 * Makes every event of a run a message, as "page-stored" of the crawl 7 under `crawl.7.page.stored`, if somebody
 * subscribed to that; else it costs a look-up. Ends with the returned handle.
 */
export function publishEvents(
  events: EventStream,
  bus: Bus,
  options: { readonly job: string; readonly run: number; readonly context: RunContext },
): Disposable {
  const { job, run, context } = options;
  const topics = new Map<ForagerEventType, string>();
  const end = events.subscribe((event) => {
    let topic = topics.get(event.type);
    if (topic === undefined) {
      topic = `${job}.${run}.${event.type.replaceAll("-", ".")}`;
      topics.set(event.type, topic);
    }
    if (!bus.hasSubscribers(topic)) return;
    // The run waits for nobody who follows it: what a follower had no room for is counted by the bus, as refused.
    bus.publish(topic, { from: job, type: "event", payload: event }, context).catch(() => {});
  });
  return { [Symbol.dispose]: end };
}
