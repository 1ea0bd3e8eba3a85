import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../src/clock.ts";
import { stoppableContext, rootContext } from "../../src/context.ts";
import { Workforce } from "../../src/coordination/workforce.ts";
import { StoreError } from "../../src/errors.ts";
import { EventStream } from "../../src/events.ts";
import { silentLog } from "../../src/log.ts";
import { ManualClock, openBackend } from "./open-backend.ts";

describe("workforce", () => {
  it("C42: leaves nobody in the lead where its agents cannot be published", async () => {
    using backend = openBackend({ clock: new ManualClock() });
    await using workforce = new Workforce({ clock: systemClock, events: new EventStream(), log: silentLog });
    const full = new StoreError("the disk is full");
    const memory = { ...backend.memory, put: () => Promise.reject(full) };
    using context = stoppableContext(rootContext("test"));
    await assert.rejects(workforce.serve({ ...backend, memory }, context), full);
    assert.equal(backend.leases.holder("leader"), undefined);
    // What failed keeps nobody from trying again.
    await using _ = await workforce.serve(backend, context);
    assert.notEqual(backend.leases.holder("leader"), undefined);
  });
});
