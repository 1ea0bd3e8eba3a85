// One section in a process of its own: `node bench/coordination/measure-section.ts NAME`. Prints what it measured as JSON.
import { used } from "../crawl/cost.ts";
import { sectionNames, sections } from "./sections.ts";

const name = sectionNames.find((each) => each === process.argv[2]);
if (!name) throw new Error(`A section is one of ${sectionNames.join(", ")}.`);
const readings = await sections[name]();
const peakMb = Math.round(process.resourceUsage().maxRSS / 1_024);
console.log(JSON.stringify({ readings, cpuMs: used().cpuMs, peakMb }));
