import fc from "fast-check";

// Loaded before the tests (run-tests.ts): each property draws the same cases every time, so that a run does not pass or
// fail by luck. Other cases are for who looks for them: FORAGER_TEST_SEED=random, or the seed that a failure names.

const asked = process.env["FORAGER_TEST_SEED"];
if (asked !== "random") fc.configureGlobal({ seed: Number(asked ?? 20_261_121) });
