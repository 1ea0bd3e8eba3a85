import { z } from "zod";
import type { Agent } from "../coordination/agent.ts";
import { Plan } from "../coordination/plans/plan.ts";
import { crawlPlan } from "../coordination/plans/templates.ts";
import { normalizeUrl } from "../browser/url.ts";
import { OptionsError } from "../errors.ts";

const CrawlGoal = z.strictObject({ seeds: z.array(z.string()).min(1), useSitemaps: z.boolean() });
const CrawlPlan = z.strictObject({
  /** Normalised; where the crawl starts. */
  seeds: z.array(z.url()),
  /** Names the crawl: the same seeds continue it. */
  key: z.string(),
  /** What is done, and what waits for what. */
  plan: Plan,
});
export type CrawlPlan = z.output<typeof CrawlPlan>;

/** Plans a crawl: seeds checked and normalised, the run named, sitemaps chosen, by the template. */
export function createCrawlPlanner(): Agent<z.input<typeof CrawlGoal>, CrawlPlan> {
  return {
    role: "planner",
    input: CrawlGoal,
    output: CrawlPlan,
    async run({ seeds, useSitemaps }) {
      const { urls, key } = readSeeds(seeds);
      const origins = [...new Set(urls.map((url) => new URL(url).origin))];
      const goal = `crawl ${origins[0]}${origins.length > 1 ? ` and ${origins.length - 1} more` : ""}`;
      return { seeds: urls, key, plan: crawlPlan(goal, useSitemaps ? origins : []) };
    },
  };
}

/** Seeds as addresses, and the name their crawl goes by. @throws {OptionsError} Naming one that is no address. */
export function readSeeds(seeds: readonly string[]): { readonly urls: string[]; readonly key: string } {
  const parsed = new Map(seeds.map(readAddress).map(({ key, url }) => [key, url]));
  return { urls: [...parsed.values()], key: [...parsed.keys()].toSorted().join(" ") };
}

/** An address as a person writes it; without a scheme it is https. @throws {OptionsError} */
export function readAddress(address: string): { readonly key: string; readonly url: string } {
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${address}`;
  const normalized = normalizeUrl(withScheme);
  if (normalized.kind === "url") return normalized;
  throw new OptionsError(
    `URL "${address}"`,
    `${normalized.reason}. Give an address such as https://example.org/docs/.`,
  );
}
