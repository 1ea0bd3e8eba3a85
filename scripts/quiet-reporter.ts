import type { TestEvent } from "node:test/reporters";
import { relative } from "node:path";
import { inspect } from "node:util";

/** What the parent process learns from a run of node:test, after each event. */
export interface TestProgress {
  /** Tests and suites that were announced and have not ended. */
  readonly running: number;
  /** True once node:test has nothing more to tell, which a timer or socket left open puts off for ever. */
  readonly isDone: boolean;
  readonly passed: number;
  readonly failed: number;
  /** Once nothing runs: the kinds of things that still keep the process alive. */
  readonly open: readonly string[];
  /** Names of tests and suites that were skipped or marked to do. */
  readonly skipped: readonly string[];
}

type TestFailure = Extract<TestEvent, { type: "test:fail" }>["data"];

/** A reporter for node:test that shows failures alone, in full, and sends its parent process the counts. */
export default async function* quietReporter(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let running = 0;
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  const tell = (isDone: boolean) => {
    const open = running === 0 ? process.getActiveResourcesInfo() : [];
    process.send?.({ running, isDone, passed, failed, open, skipped } satisfies TestProgress);
  };
  for await (const { type, data } of events) {
    if (type === "test:diagnostic" && data.level !== "info") yield `${data.message}\n`;
    if (type === "test:enqueue") running++;
    if (type === "test:complete") running--;
    if (type !== "test:pass" && type !== "test:fail") {
      tell(false);
      continue;
    }
    if (isMarked(data.skip) || isMarked(data.todo)) skipped.push(`${data.name} (${placeOf(data)})`);
    else if (type === "test:fail" && !isOfSubtests(data.details.error)) {
      failed++;
      yield `✖ ${data.name} (${placeOf(data)})\n${inspect(data.details.error.cause ?? data.details.error)}\n`;
    } else if (type === "test:pass" && data.details.type !== "suite") passed++;
    tell(false);
  }
  tell(true);
}

const isMarked = (mark: string | boolean | undefined) => mark !== undefined && mark !== false;

/** A suite that failed because a test in it did, which has been shown; one that failed in its hooks has not. */
const isOfSubtests = (error: Error) => "failureType" in error && error.failureType === "subtestsFailed";

function placeOf({ file, line }: Pick<TestFailure, "file" | "line">): string {
  return file === undefined ? "no file" : `${relative(process.cwd(), file)}:${line}`;
}
