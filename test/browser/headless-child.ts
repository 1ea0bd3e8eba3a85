// A process that fetches one page and then waits to be killed, its browser still open. Started by headless-hygiene.test.ts.
import { get, openHeadless, reasonIn } from "./headless-fixture.ts";

const origin = process.argv[2] ?? "";
const tier = openHeadless([origin]);
process.stdout.write(`${reasonIn(await get(tier, `${origin}/plain`))}\n`);
setInterval(() => undefined, 1_000);
