/** The task queue's tables; part of `coordinationSchema`. */
export const taskSchema = `
-- priority: 0 is critical. needs: a sorted JSON list, '' for none. on_failure: what becomes of those that wait for it.
-- at: due when blocked or delayed, due since when ready, the lease's end when leased, the end when ended.
-- starts: takings since the last ending. owner: the process that has it. pending: what it still waits for.
-- rearm: the task that was added while this one was under way. stopped_by: for whose failure it was cancelled.
CREATE TABLE IF NOT EXISTS task(
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, priority INTEGER NOT NULL, run INTEGER, name TEXT,
  dedupe TEXT, needs TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL CHECK(state IN ('blocked','ready','delayed','leased','done','dead','cancelled')),
  at INTEGER NOT NULL, fence INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0, max_attempts INTEGER NOT NULL, starts INTEGER NOT NULL DEFAULT 0,
  owner TEXT, deadline INTEGER, started_at INTEGER NOT NULL DEFAULT 0,
  pending INTEGER NOT NULL DEFAULT 0, on_failure TEXT NOT NULL DEFAULT 'skip', stopped_by INTEGER,
  trace TEXT NOT NULL DEFAULT '', input TEXT NOT NULL, rearm TEXT, progress TEXT, result TEXT NOT NULL DEFAULT 'null',
  error TEXT NOT NULL DEFAULT '', history TEXT NOT NULL DEFAULT '[]') STRICT;
CREATE INDEX IF NOT EXISTS task_ready ON task(kind, needs, priority) WHERE state = 'ready';
CREATE INDEX IF NOT EXISTS task_delayed ON task(kind, at) WHERE state = 'delayed';
CREATE INDEX IF NOT EXISTS task_leased ON task(at) WHERE state = 'leased';
CREATE INDEX IF NOT EXISTS task_deadline ON task(deadline)
  WHERE deadline IS NOT NULL AND state IN ('blocked','ready','delayed');
CREATE INDEX IF NOT EXISTS task_dead ON task(id) WHERE state = 'dead';
CREATE INDEX IF NOT EXISTS task_over ON task(at) WHERE state IN ('done','cancelled');
CREATE INDEX IF NOT EXISTS task_stopped ON task(stopped_by) WHERE stopped_by IS NOT NULL;
CREATE INDEX IF NOT EXISTS task_run ON task(run) WHERE run IS NOT NULL;
CREATE INDEX IF NOT EXISTS task_open ON task(run) WHERE run IS NOT NULL AND state NOT IN ('done','cancelled');
CREATE UNIQUE INDEX IF NOT EXISTS task_name ON task(run, name) WHERE name IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS task_dedupe ON task(kind, dedupe)
  WHERE dedupe IS NOT NULL AND state IN ('blocked','ready','delayed','leased');

CREATE TABLE IF NOT EXISTS dependency(
  earlier INTEGER NOT NULL, later INTEGER NOT NULL, PRIMARY KEY(earlier, later)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS dependency_later ON dependency(later);

CREATE TABLE IF NOT EXISTS task_count(
  kind TEXT NOT NULL, state TEXT NOT NULL, needs TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY(kind, state, needs)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS task_counted AFTER INSERT ON task BEGIN
  INSERT INTO task_count VALUES(new.kind, new.state, new.needs, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS task_recounted AFTER UPDATE OF state ON task WHEN old.state <> new.state BEGIN
  UPDATE task_count SET count = count - 1 WHERE kind = old.kind AND state = old.state AND needs = old.needs;
  INSERT INTO task_count VALUES(new.kind, new.state, new.needs, 1) ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER IF NOT EXISTS task_forgotten AFTER DELETE ON task BEGIN
  UPDATE task_count SET count = count - 1 WHERE kind = old.kind AND state = old.state AND needs = old.needs;
  DELETE FROM dependency WHERE earlier = old.id OR later = old.id;
END;
`;

/** From layout 1, where tasks knew nothing of each other: the same tasks, under the same ids. */
export const taskUpgrade = `
DROP TRIGGER task_counted;
DROP TRIGGER task_recounted;
DROP TABLE task_count;
DROP INDEX task_ready;
DROP INDEX task_oldest;
DROP INDEX task_delayed;
DROP INDEX task_leased;
DROP INDEX task_dead;
DROP INDEX task_dedupe;
ALTER TABLE task RENAME TO task_of_layout_1;
${taskSchema}
INSERT INTO task(id, kind, priority, run, dedupe, state, at, fence, attempt, max_attempts, starts, input, result, error)
SELECT id, kind, priority, run, dedupe, state, at, fence, attempt, max_attempts, starts, input, result, error
FROM task_of_layout_1;
-- An id is never given twice, not even when its task was purged.
DELETE FROM sqlite_sequence WHERE name = 'task';
INSERT INTO sqlite_sequence SELECT 'task', seq FROM sqlite_sequence WHERE name = 'task_of_layout_1';
DROP TABLE task_of_layout_1;
`;
