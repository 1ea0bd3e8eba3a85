import type { Upgrades } from "../../../database.ts";
import { eventSchema } from "./event-schema.ts";
import { memorySchema } from "./memory-schema.ts";
import { taskSchema, taskUpgrade } from "./tasks/task-schema.ts";

/**
 * Everything coordination keeps in the data file. Times are epoch milliseconds.
 * Counts are kept by triggers, in the transaction that changes a state, so that progress reads a few rows.
 */
export const coordinationSchema = `${taskSchema}
${memorySchema}
${eventSchema}
CREATE TABLE IF NOT EXISTS run(
  id INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL, key TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('running','finished','interrupted','failed')),
  started_at INTEGER NOT NULL, finished_at INTEGER NOT NULL DEFAULT 0,
  request TEXT NOT NULL, result TEXT NOT NULL DEFAULT 'null') STRICT;
CREATE INDEX IF NOT EXISTS run_key ON run(job, key);

CREATE TABLE IF NOT EXISTS lease(
  name TEXT PRIMARY KEY, holder TEXT NOT NULL, token INTEGER NOT NULL,
  since INTEGER NOT NULL, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- next_at: no URL of the host is handed out before it.
CREATE TABLE IF NOT EXISTS host(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  delay_ms INTEGER NOT NULL DEFAULT 0, next_at INTEGER NOT NULL DEFAULT 0) STRICT;

-- When a host has its next turn in a run; at is null while nothing waits. taken breaks ties: least served first.
CREATE TABLE IF NOT EXISTS turn(
  host INTEGER NOT NULL, run INTEGER NOT NULL, at INTEGER, taken INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(host, run)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS turn_next ON turn(run, at, taken) WHERE at IS NOT NULL;

-- run: the latest that wanted the URL. url: null when equal to key. covered: its page came under another URL.
-- at: due when waiting, the lease's end when leased, the end when ended. starts: takings since the last ending.
CREATE TABLE IF NOT EXISTS url(
  id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, url TEXT, host INTEGER NOT NULL, run INTEGER NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('ready','waiting','leased','done','failed','skipped','beyond','covered')),
  depth INTEGER NOT NULL, at INTEGER NOT NULL DEFAULT 0, fence INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 0, starts INTEGER NOT NULL DEFAULT 0,
  reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '', http_status INTEGER NOT NULL DEFAULT 0,
  tier TEXT NOT NULL DEFAULT '', verdict TEXT NOT NULL DEFAULT '', bytes INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX IF NOT EXISTS url_ready ON url(run, host, starts, depth) WHERE state = 'ready';
CREATE INDEX IF NOT EXISTS url_waiting ON url(run, host, at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS url_leased ON url(at) WHERE state = 'leased';
CREATE INDEX IF NOT EXISTS url_ended ON url(at) WHERE state IN ('failed','skipped');

-- Edges of runs with a depth limit: step 1 for a link, 0 for a redirect or canonical address.
CREATE TABLE IF NOT EXISTS link(
  source INTEGER NOT NULL, target INTEGER NOT NULL, step INTEGER NOT NULL,
  PRIMARY KEY(source, target)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS in_links(url INTEGER PRIMARY KEY, count INTEGER NOT NULL) STRICT;

-- class: the tier of what is done, the reason of what gave no document.
CREATE TABLE IF NOT EXISTS url_count(
  run INTEGER NOT NULL, state TEXT NOT NULL, class TEXT NOT NULL, count INTEGER NOT NULL, bytes INTEGER NOT NULL,
  PRIMARY KEY(run, state, class)) STRICT, WITHOUT ROWID;
CREATE TRIGGER IF NOT EXISTS url_counted AFTER INSERT ON url BEGIN
  INSERT INTO url_count VALUES(new.run, new.state, iif(new.state = 'done', new.tier, new.reason), 1, new.bytes)
  ON CONFLICT DO UPDATE SET count = count + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER IF NOT EXISTS url_recounted AFTER UPDATE OF run, state ON url
WHEN old.state <> new.state OR old.run <> new.run BEGIN
  UPDATE url_count SET count = count - 1, bytes = bytes - old.bytes
  WHERE run = old.run AND state = old.state AND class = iif(old.state = 'done', old.tier, old.reason);
  INSERT INTO url_count VALUES(new.run, new.state, iif(new.state = 'done', new.tier, new.reason), 1, new.bytes)
  ON CONFLICT DO UPDATE SET count = count + 1, bytes = bytes + excluded.bytes;
END;
`;

/** What leads from each earlier layout of the data file to the next. */
export const coordinationUpgrades: Upgrades = { 1: taskUpgrade, 2: "", 3: "" };
