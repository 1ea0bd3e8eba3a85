import { z } from "zod";
import type { Agent } from "../coordination/agent.ts";
import { Plan } from "../coordination/plans/plan.ts";
import { crawlPlan } from "../coordination/plans/templates.ts";
import { normalizeUrl } from "../browser/url.ts";
import { ForagerError, OptionsError, messageOf } from "../errors.ts";
import type { Log } from "../log.ts";
import type { ChatModel } from "./chat-model.ts";
import { fillPrompt } from "./prompt.ts";

/** More parts than this cost more than they find. */
const mostParts = 4;

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

const Question = z.strictObject({ question: z.string().min(1).max(4_000) });
const QuestionPlan = z.strictObject({
  /** What is looked up, each on its own; the question itself when it asks for one thing. */
  parts: z.array(z.string().min(1)).min(1).max(mostParts),
});
export type QuestionPlan = z.output<typeof QuestionPlan>;

/** Splits a question into what can be looked up on its own: by a model where there is one that answers, else by rules. */
export function createQuestionPlanner(deps: {
  readonly model: ChatModel | undefined;
  readonly log: Log;
}): Agent<z.input<typeof Question>, QuestionPlan> {
  const { model, log } = deps;
  return {
    role: "planner",
    input: Question,
    output: QuestionPlan,
    async run({ question }, context) {
      const byRules = { parts: splitQuestion(question) };
      if (!model) return byRules;
      try {
        const rules = fillPrompt("split-question", { most: mostParts });
        return await model.ask({ rules, data: question }, QuestionPlan, context);
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof ForagerError)) throw error;
        log.warn("the model failed; the question is split by rules", {
          model: model.name,
          error: messageOf(error),
        });
        return byRules;
      }
    },
  };
}

/** A question's parts by its own marks: several question marks, or "and" before a question word. */
export function splitQuestion(question: string): string[] {
  const whole = question.trim();
  const parts = whole
    .split(/(?<=\?)\s+|,?\s+and\s+(?=(?:how|what|when|where|who|why|which)\b)/i)
    .map((part) => part.trim())
    .filter((part) => part.split(/\s+/).length >= 3);
  return parts.length > 1 ? parts.slice(0, mostParts) : [whole];
}
