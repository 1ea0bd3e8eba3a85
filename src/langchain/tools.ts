import { type StructuredToolInterface, tool } from "@langchain/core/tools";
import { z } from "zod";
import { OptionsError, messageOf } from "../errors.ts";
import type { Forager } from "../forager.ts";
import type { Filter } from "../rag/filter.ts";
import { readUnnamedPage } from "./read-unnamed-page.ts";
import { markUntrusted, untrustedNote } from "./untrusted-text.ts";

/** What an agent may be let do: search passages, ask for answers, read a page from the web. */
export const foragerAbilities = ["search", "ask", "scrape"] as const;
export type ForagerAbility = (typeof foragerAbilities)[number];

/** What an agent may do with a Forager. */
export interface ForagerToolOptions {
  /** `search` and `ask` when left out: only `scrape` calls other machines. */
  readonly allow?: readonly ForagerAbility[];
  /** Only pages of these hosts, as `docs.example.com` or `127.0.0.1:8080`, which may then be private ones; all public ones when left out. */
  readonly hosts?: readonly string[];
  /** Characters of a page that `read_page` gives at once; 20,000. */
  readonly maxCharacters?: number;
}

type ToolForager = Pick<Forager, "search" | "ask" | "config">;
type Run = (signal: AbortSignal | undefined) => Promise<string>;

const mostPassages = 20;

/**
 * Tools for a LangChain agent: `search_pages`, `ask_pages`, `read_page`. They reach the one index of this forager and no
 * other; what fails is told to the agent in words. An aborted run rejects with its reason.
 */
export function createForagerTools(
  forager: ToolForager,
  options: ForagerToolOptions = {},
): StructuredToolInterface[] {
  const unknown = options.allow?.find((name) => !foragerAbilities.includes(name));
  if (unknown !== undefined) throw new OptionsError("tools", `allow: there is no ${JSON.stringify(unknown)}`);
  const makers = { search: searchTool, ask: askTool, scrape: readTool };
  const allowed = new Set(options.allow ?? ["search", "ask"]);
  return foragerAbilities.filter((name) => allowed.has(name)).map((name) => makers[name](forager, options));
}

function searchTool(forager: ToolForager, { hosts }: ForagerToolOptions): StructuredToolInterface {
  return tool(
    ({ query, limit }, config) =>
      told(config.signal, async (signal) => {
        const { hits, notes } = await forager.search(query, { limit, ...onHosts(hosts) }, signal);
        if (hits.length === 0) return ["No passage was found.", ...notes].join("\n");
        const passages = hits.map(
          ({ url, heading, text, confidence }, at) =>
            `[${at + 1}] ${url} (confidence ${confidence.toFixed(2)})\n${markUntrusted(`${heading}\n${text}`)}`,
        );
        return [untrustedNote, ...notes, ...passages].join("\n\n");
      }),
    {
      name: "search_pages",
      description:
        "Finds passages of the indexed web pages by words and meaning. Gives each with its URL and how likely it is about the query.",
      schema: z.object({
        query: z.string().min(1).max(1_000).describe("What to look for: a question or keywords"),
        limit: z.int().min(1).max(mostPassages).default(5).describe("Passages at most"),
      }),
    },
  );
}

function askTool(forager: ToolForager, { hosts }: ForagerToolOptions): StructuredToolInterface {
  return tool(
    ({ question }, config) =>
      told(config.signal, async (signal) => {
        const { answer, abstained, confidence, citations, conflicts } = await forager.ask(
          question,
          onHosts(hosts),
          signal,
        );
        const quotes = citations.map(
          ({ url, title, quote }, at) => `[${at + 1}] ${url}\n${markUntrusted(`${title}\n${quote}`)}`,
        );
        const lines = abstained
          ? ["Not found in the indexed pages.", ...(quotes.length > 0 ? ["The nearest sources:"] : [])]
          : [`The answer (confidence ${confidence.toFixed(2)}):\n${markUntrusted(answer)}`, "Its sources:"];
        if (conflicts.length > 0)
          lines.push(
            ...conflicts.map(
              ({ sides }) =>
                `The sources contradict each other:\n${markUntrusted(
                  sides
                    .map(({ value, citations }) => `${value} (${citations.map(({ url }) => url).join(", ")})`)
                    .join("\n"),
                )}`,
            ),
          );
        return [...(quotes.length > 0 ? [untrustedNote] : []), ...lines, ...quotes].join("\n\n");
      }),
    {
      name: "ask_pages",
      description:
        "Answers a question from the indexed web pages with verbatim quotes and their URLs, or says that they do not hold the answer.",
      schema: z.object({ question: z.string().min(1).max(1_000) }),
    },
  );
}

function readTool(forager: ToolForager, options: ForagerToolOptions): StructuredToolInterface {
  const { hosts, maxCharacters = 20_000 } = options;
  return tool(
    ({ url, from }, config) =>
      told(config.signal, async (signal) => {
        checkHost(url, hosts);
        const page = await readUnnamedPage(forager.config, url, hosts ?? [], signal);
        if (page?.status !== "ok")
          return `The page could not be read: ${page?.error?.message ?? "no answer came"}`;
        checkHost(page.finalUrl, hosts);
        const { content, finalUrl, title } = page;
        const part = content.slice(from, from + maxCharacters);
        const to = from + part.length;
        const more = to < content.length ? ` Go on with from: ${to}.` : "";
        return [
          untrustedNote,
          `${finalUrl}, characters ${from} to ${to} of ${content.length}.${more}`,
          markUntrusted(`${title}\n\n${part}`),
        ].join("\n\n");
      }),
    {
      name: "read_page",
      description: `Reads one public web page now and gives it as Markdown, ${maxCharacters} characters at a time.`,
      schema: z.object({
        url: z.string().min(1).max(2_000).describe("http or https"),
        from: z.int().min(0).default(0).describe("Character to begin with, to read on in a long page"),
      }),
    },
  );
}

/** An agent can do something about a message, and nothing about an exception. */
async function told(signal: AbortSignal | undefined, run: Run): Promise<string> {
  try {
    return await run(signal);
  } catch (error) {
    signal?.throwIfAborted();
    return `That did not work: ${messageOf(error)}`;
  }
}

function onHosts(hosts: readonly string[] | undefined): { readonly filter?: Filter } {
  return hosts ? { filter: { field: "host", anyOf: hosts } } : {};
}

/** @throws {OptionsError} For other schemes than http and https, and for hosts that are not on the list. */
function checkHost(url: string, hosts: readonly string[] | undefined): void {
  const parsed = URL.parse(url);
  if (parsed?.protocol !== "http:" && parsed?.protocol !== "https:")
    throw new OptionsError("url", "has to be a whole http or https URL");
  if (hosts && !hosts.includes(parsed.host))
    throw new OptionsError(
      "url",
      `${parsed.host} is not among the hosts that may be read: ${hosts.join(", ")}`,
    );
}
