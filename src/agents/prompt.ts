import { readFileSync } from "node:fs";

/** The prompts there are, with the names each one fills in. */
export interface PromptFields {
  readonly arbitrate: { readonly mark: string };
  readonly "plan-question": { readonly mark: string; readonly most: number };
  readonly "write-answer": { readonly mark: string; readonly most: number };
}

/** The text of `prompts/NAME.md` with its `{{fields}}` filled. */
export function fillPrompt<Name extends keyof PromptFields>(name: Name, fields: PromptFields[Name]): string {
  const text = readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), "utf8");
  const values = new Map<string, string | number>(Object.entries(fields));
  return text.replace(/\{\{(\w+)\}\}/g, (_, field: string) => String(values.get(field) ?? "")).trim();
}
