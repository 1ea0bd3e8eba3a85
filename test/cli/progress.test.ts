import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Progress } from "../../src/cli/progress.ts";
import type { ForagerEvent } from "../../src/events.ts";

const stored: ForagerEvent = {
  type: "page-stored",
  url: "http://example.org/",
  tier: "http",
  ms: 1,
  bytes: 1,
  chunks: 1,
  isChanged: true,
};
const measured = (done: number, ready: number, toEmbed: number): ForagerEvent => ({
  type: "queue-measured",
  done,
  failed: 2,
  skipped: 3,
  ready,
  inFlight: 0,
  toEmbed,
});

describe("progress", () => {
  it("shows pages first, with the time that is left to the page limit, not to the queue's end", () => {
    const progress = new Progress(60);
    for (let second = 1; second <= 10; second += 1) {
      for (let page = 0; page < 2; page += 1) progress.add(stored, second * 1_000);
    }
    progress.add(measured(20, 500, 30), 11_000);
    assert.deepEqual(progress.view(11_000), {
      done: 20,
      goal: 60,
      line: "20/60 pages  20 s left  2.0/s  queue 500  failed 2  skipped 3  http 20  vectors 0/30",
    });
  });

  it("then shows the vectors of the job, and their time", () => {
    const progress = new Progress(60);
    progress.add(measured(60, 500, 100), 0);
    for (let second = 0; second < 5; second += 1) {
      progress.add({ type: "chunks-embedded", count: 8, embedded: 999, total: 9_999 }, second * 1_000);
    }
    assert.deepEqual(progress.view(5_000), {
      done: 40,
      goal: 100,
      line: "40/100 vectors  8 s left  8.0/s  60 pages  failed 2  skipped 3",
    });
  });

  it("counts the pages of before an interruption", () => {
    const progress = new Progress(100);
    progress.add(measured(40, 10, 0), 0);
    assert.match(progress.view(0).line, /^40\/50 pages {2}0\.0\/s/);
  });
});
