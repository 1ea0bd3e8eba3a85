import { z } from "zod";
import { Turn, mostQuestionCharacters } from "../agents/question-planner.ts";
import { OptionsError } from "../errors.ts";
import { FilterSchema } from "../rag/filter.ts";

const words = z
  .string()
  .max(mostQuestionCharacters)
  .refine((text) => text.trim() !== "", "give some words to look for");
const limit = z.int().min(1);
const filter = FilterSchema.optional();

const AskInput = z.object({ question: words, filter, history: z.array(Turn).readonly().optional() });
const SearchInput = z.object({ query: words, limit, filter, embedBudgetMs: z.number().min(0).optional() });
const VectorInput = z.object({ limit, filter });

/** @throws {OptionsError} Naming what of a question cannot be used. */
export function checkAsk(given: z.input<typeof AskInput>): void {
  check("ask", AskInput, given);
}

/** @throws {OptionsError} Naming what of a search cannot be used. */
export function checkSearch(given: z.input<typeof SearchInput>): void {
  check("search", SearchInput, given);
}

/** @throws {OptionsError} Naming what of a search by a vector cannot be used. */
export function checkVectorSearch(given: z.input<typeof VectorInput>): void {
  check("searchVector", VectorInput, given);
}

function check(what: string, schema: z.ZodType, given: unknown): void {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new OptionsError(what, parsed.error);
}
