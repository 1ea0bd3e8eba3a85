/** The task queue's tables; part of `coordinationSchema`. */
export const taskSchema = `
-- at: due when delayed, the lease's end when leased, the end when ended. starts: takings since the last ending.
CREATE TABLE IF NOT EXISTS task(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, priority INTEGER NOT NULL, run INTEGER, dedupe TEXT,
  state TEXT NOT NULL CHECK(state IN ('ready','delayed','leased','done','dead','cancelled')),
  at INTEGER NOT NULL, fence INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL, starts INTEGER NOT NULL DEFAULT 0,
  input TEXT NOT NULL, result TEXT NOT NULL DEFAULT 'null', error TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX IF NOT EXISTS task_ready ON task(kind, priority) WHERE state = 'ready';
CREATE INDEX IF NOT EXISTS task_oldest ON task(kind) WHERE state = 'ready';
CREATE INDEX IF NOT EXISTS task_delayed ON task(kind, at) WHERE state = 'delayed';
CREATE INDEX IF NOT EXISTS task_leased ON task(at) WHERE state = 'leased';
CREATE INDEX IF NOT EXISTS task_dead ON task(id) WHERE state = 'dead';
CREATE UNIQUE INDEX IF NOT EXISTS task_dedupe ON task(kind, dedupe)
  WHERE dedupe IS NOT NULL AND state IN ('ready','delayed','leased');
CREATE TABLE IF NOT EXISTS task_count(
  kind TEXT NOT NULL, state TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY(kind, state)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS task_counted AFTER INSERT ON task BEGIN
  INSERT INTO task_count VALUES(new.kind, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS task_recounted AFTER UPDATE OF state ON task WHEN old.state <> new.state BEGIN
  UPDATE task_count SET count = count - 1 WHERE kind = old.kind AND state = old.state;
  INSERT INTO task_count VALUES(new.kind, new.state, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
`;
