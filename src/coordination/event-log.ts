/** One kept event. */
export interface LoggedEvent {
  readonly sequence: number;
  readonly at: number;
  /** What it belongs to, as in `run/3`. */
  readonly stream: string;
  /** Place in its stream, from 1, without gaps. */
  readonly place: number;
  readonly type: string;
  readonly data: unknown;
}

/** A stream's state as of one place, so that nobody has to start at event 1. */
export interface Snapshot<S = unknown> {
  readonly place: number;
  readonly state: S;
}

/** What happened, in order, kept. Synchronous; writing is inside `Database.write`. */
export interface EventLog {
  /**
   * @param options.expected The stream's last place as the writer knows it, 0 for an empty one.
   * @returns The event's place.
   * @throws {VersionConflictError} When the stream has moved on.
   */
  append(
    stream: string,
    type: string,
    data: unknown,
    now: number,
    options?: { readonly expected?: number },
  ): number;
  /** @throws {CompactedError} When events after `after` were compacted away: start from the snapshot. */
  read(stream: string, options?: { readonly after?: number; readonly limit?: number }): LoggedEvent[];
  /** The place of the stream's last event, compacted or not; 0 when there is none. */
  lastPlace(stream: string): number;
  /** Keeps the state as of `place`; the one of the latest place counts. @throws {RangeError} When the stream is not there yet. */
  saveSnapshot(stream: string, snapshot: Snapshot): void;
  snapshot(stream: string): Snapshot | undefined;
  /** Drops events up to the stream's snapshot, at most 2,000 in one call; none where there is no snapshot. @returns How many; 0 when there are no more. */
  compact(stream: string): number;
  /**
   * Drops whole streams whose last event is older than `before`, snapshots too, those under `prefix` alone; at most
   * 2,000 events in one call. @returns How many events and snapshots; 0 when there are no more.
   */
  forget(prefix: string, before: number): number;
}

/** A stream's state, from its snapshot and the events after it. */
export function replay<S>(
  log: EventLog,
  stream: string,
  initial: S,
  step: (state: S, event: LoggedEvent) => S,
): Snapshot<S> {
  const from = log.snapshot(stream) as Snapshot<S> | undefined;
  let { place, state } = from ?? { place: 0, state: initial };
  for (;;) {
    const events = log.read(stream, { after: place });
    const last = events.at(-1);
    if (!last) return { place, state };
    for (const event of events) state = step(state, event);
    place = last.place;
  }
}
