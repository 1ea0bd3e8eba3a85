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

/** What happened, in order, kept. Synchronous; inside `Database.write`. */
export interface EventLog {
  append(stream: string, type: string, data: unknown, now: number): number;
  read(stream: string, options?: { readonly after?: number; readonly limit?: number }): LoggedEvent[];
}
