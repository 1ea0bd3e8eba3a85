/** The event log's tables; part of `coordinationSchema`. */
export const eventSchema = `
CREATE TABLE IF NOT EXISTS event(
  sequence INTEGER PRIMARY KEY, at INTEGER NOT NULL, stream TEXT NOT NULL, place INTEGER NOT NULL,
  type TEXT NOT NULL, data TEXT NOT NULL, UNIQUE(stream, place)) STRICT;

-- at: when the event at that place happened.
CREATE TABLE IF NOT EXISTS event_snapshot(
  stream TEXT PRIMARY KEY, place INTEGER NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL) STRICT;
`;
