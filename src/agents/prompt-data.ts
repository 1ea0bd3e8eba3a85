import { hash } from "node:crypto";

/** What does not show, or is read by programs only: joiners that scripts need stay. @see Unicode 17, DerivedCoreProperties, Default_Ignorable_Code_Point */
const hidden = /[\p{Default_Ignorable_Code_Point}--\p{Join_Control}]|[\p{Cc}--[\n\t]]/gv;
/** Marks by which chat templates tell system, user and model apart; a server may read them in a text. */
const templateMarks = /<\|(?=\w)|<<(?=\/?SYS>>)|\[(?=\/?INST\])|<(?=\/?(?:s|start_of_turn|end_of_turn)>)/gi;

/** A text as people see it: without what is hidden in it. */
export function visible(text: string): string {
  return text.replace(hidden, "");
}

/** A part of what a model is given to read. */
export interface DataPart {
  /** As the rules call it: "question", "passage 2". */
  readonly name: string;
  readonly text: string;
}

/**
 * Puts texts that nobody vouches for between marks that none of them can hold: the mark is a hash over all of them.
 * Equal texts have equal marks, so equal questions stay equal.
 * @see Hines et al., Defending Against Indirect Prompt Injection Attacks With Spotlighting, 2024
 */
export function markData(parts: readonly DataPart[]): { readonly mark: string; readonly data: string } {
  const clean = parts.map(({ name, text }) => ({
    name,
    text: visible(text).replace(templateMarks, (mark) => `${mark} `),
  }));
  const mark = hash("sha256", JSON.stringify(clean)).slice(0, 16);
  const data = clean.map(({ name, text }) => `<${name} ${mark}>\n${text}\n</${name} ${mark}>`).join("\n\n");
  return { mark, data };
}
