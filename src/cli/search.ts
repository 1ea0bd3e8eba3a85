import type { Command } from "commander";
import { z } from "zod";
import { visible } from "../agents/prompt-data.ts";
import type { SearchHit } from "../jobs/search.ts";
import { addCommonFlags } from "./common-flags.ts";
import { describeFilters, parseFilter } from "./filter.ts";
import { parseFlags } from "./flags.ts";
import { readQueries } from "./queries.ts";
import type { CommonFlags, Shell } from "./shell.ts";

const SearchFlags = z.strictObject({
  k: z.int().min(1).max(1_000),
  filter: z.array(z.string()),
  queriesFile: z.string(),
  embedBudgetMs: z.int().min(0),
});

/** `forager search QUERY` */
export function addSearch(program: Command, shell: Shell): void {
  const command = program
    .command("search")
    .description("Find passages, best first")
    .argument("[query...]", "What to look for")
    .option("-k, --k <n>", "Passages to give (default: 10)", Number)
    .option(
      "--filter <name=value>",
      "Only pages where it holds: host=, language=, format=, publishedAt=2026-01-01.. (may be repeated)",
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    )
    .option("--queries-file <file>", "A query a line, or JSON lines {id, query}")
    .option(
      "--embed-budget-ms <n>",
      "Time for embedding promising passages that have no vector yet (default: 500)",
      Number,
    );
  addCommonFlags(command).action(async (words: string[], given: CommonFlags & Record<string, unknown>) => {
    const { k = 10, filter = [], queriesFile, embedBudgetMs } = parseFlags(SearchFlags.partial(), given);
    const options = {
      limit: k,
      filter: parseFilter(filter),
      ...(embedBudgetMs === undefined ? {} : { embedBudgetMs }),
    };
    await using forager = shell.open(given);
    for await (const query of readQueries(words, queriesFile)) {
      const found = await forager.search(query.text, options, shell.signal);
      const { hits } = found;
      if (given.json)
        await shell.printJson({ ...(query.id === undefined ? {} : { id: query.id }), ...found });
      else {
        if (found.notes.length > 0) shell.say(found.notes.join("\n"));
        if (queriesFile !== undefined) await shell.print(`> ${visible(query.text)}\n`);
        if (hits.length === 0)
          shell.say(`Nothing found for "${visible(query.text)}".${describeFilters(filter)}`);
        for (const [i, hit] of hits.entries()) await shell.print(describeHit(hit, i + 1));
      }
    }
  });
}

function describeHit(hit: SearchHit, rank: number): string {
  const text = hit.text.replace(/\s+/g, " ");
  return `${rank}. ${hit.title || hit.url}${hit.heading ? `  (${hit.heading})` : ""}\n   ${hit.url}  score ${hit.score.toFixed(3)}\n   ${text.length > 300 ? `${text.slice(0, 300)} ...` : text}\n`;
}
