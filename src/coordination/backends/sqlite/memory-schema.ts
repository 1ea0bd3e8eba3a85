/** The versioned memory's tables; part of `coordinationSchema`. */
export const memorySchema = `
-- value: null once deleted or expired, kept with its fence while that change is. version: the revision of its last change.
CREATE TABLE IF NOT EXISTS memory(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value TEXT, version INTEGER NOT NULL,
  fence INTEGER NOT NULL, expires_at INTEGER) STRICT;
CREATE INDEX IF NOT EXISTS memory_expiring ON memory(expires_at, key) WHERE expires_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS memory_gone ON memory(version) WHERE value IS NULL;

-- One row a revision, without gaps; the latest is never removed, so revisions only grow. value: of puts alone.
CREATE TABLE IF NOT EXISTS memory_change(
  revision INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK(kind IN ('put','delete','expire')),
  key TEXT NOT NULL, value TEXT) STRICT;
`;
