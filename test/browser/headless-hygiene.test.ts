import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { describe, it } from "node:test";
import { sweepStaleHomes } from "../../src/browser/browser-home.ts";
import { startCanary, startScriptedSite } from "../sites/scripted.ts";
import { browsersIn, get, homesOf, openHeadless, processesNaming, reasonIn } from "./headless-fixture.ts";

describe("headless tier's browsers", () => {
  it("are replaced when they die, and leave no process and no folder when the tier is disposed of", async () => {
    await using canary = await startCanary();
    await using site = await startScriptedSite(canary);
    const others = homesOf(process.pid);
    await using tier = openHeadless([site.origin], { retireBrowserAfterPages: 3 });
    assert.equal(reasonIn(await get(tier, `${site.origin}/plain`)), "page 200");
    const home = homesOf(process.pid).find((folder) => !others.includes(folder)) ?? "";
    const [first = 0] = browsersIn(home);

    const interrupted = get(tier, `${site.origin}/late`);
    await delay(400);
    process.kill(-first, "SIGKILL");
    assert.equal(reasonIn(await interrupted), "page 200");

    const pages = await Promise.all(Array.from({ length: 5 }, () => get(tier, `${site.origin}/plain`)));
    assert.deepEqual(new Set(pages.map(reasonIn)), new Set(["page 200"]));
    // One that hangs its renderer is still open when the tier goes.
    const hung = get(tier, `${site.origin}/infinite-script`, 1_500);
    await delay(500);
    await tier[Symbol.asyncDispose]();
    assert.notEqual(reasonIn(await hung), "page 200");
    assert.deepEqual(homesOf(process.pid), others);
    assert.deepEqual(await endedProcesses(home), []);
  });

  it("are ended and cleaned up after by the next start when their owner was killed", async () => {
    await using canary = await startCanary();
    await using site = await startScriptedSite(canary);
    const program = new URL("./headless-child.ts", import.meta.url);
    const owner = spawn(process.execPath, [program.pathname, site.origin], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    using _ = { [Symbol.dispose]: () => void owner.kill("SIGKILL") };
    const [said] = (await once(owner.stdout, "data")) as [Buffer];
    assert.equal(said.toString(), "page 200\n");
    const [home = ""] = homesOf(owner.pid ?? 0);
    // A browser that hangs would not notice by itself that its owner is gone.
    for (const pid of browsersIn(home)) process.kill(-pid, "SIGSTOP");
    owner.kill("SIGKILL");
    await once(owner, "exit");
    assert.notDeepEqual(processesNaming(home), []);
    sweepStaleHomes();
    assert.deepEqual(homesOf(owner.pid ?? 0), []);
    assert.deepEqual(await endedProcesses(home), []);
  });

  it(
    "bring no open port with them, as Crawlee's pool does by itself",
    { skip: process.platform !== "linux" },
    async () => {
      // In a process of its own, in which nothing else opens or closes one meanwhile.
      const program = new URL("./socket-child.ts", import.meta.url);
      const child = spawn(process.execPath, [program.pathname], { stdio: ["ignore", "pipe", "inherit"] });
      assert.equal(await text(child.stdout), "0 more\n");
    },
  );
});

/** What is left after the moment that a killed process takes to go. */
async function endedProcesses(home: string): Promise<string[]> {
  for (let tries = 0; tries < 1_000 && processesNaming(home).length > 0; tries++) await delay(50);
  return processesNaming(home);
}
