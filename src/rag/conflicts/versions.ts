import type { Version } from "./evidence.ts";

/** "version 3", "v2.1", or what has a dot behind a capital: "Python 3.7", "PostgreSQL 9.6.2". */
const version =
  /(?:\b(?:versions?|releases?|v\.?|ver\.?)\s?|\p{Lu}[\p{L}+#]*\s)(?<number>\d+(?:\.\d+)*(?:\.x|\+|(?:-?(?:alpha|beta|rc|b|a)\.?\d*))?)(?![\p{L}\d%]|\s?(?:%|[KMGT]i?B\b|ms\b|seconds?\b|bytes?\b|people\b))|(?<![\p{L}\d.,$€£-])(?<bare>\d+\.\d+\.\d+|(?<=\b(?:is|are|was|to|now|latest|newest|current)\s)\d+\.\d+)(?![\d.]*\d|\p{L})/gu;
const marked = /^(?:v|V|ver|Ver)/u;
/** Named by a capital, these have a number that is no version. */
const numbered =
  /^(?:RFC|PEP|ISO|IEEE|Section|Chapter|Figure|Table|Step|Page|Appendix|Part|January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|In|On|At|Of|By|The|A|Port|From|To|Between|About|Over|Only|With|For|And|Or|SHA|UTF|Level)\s/u;

/** "18.1.6. Not supported" is a heading. */
const sectionNumber = /^\d+(?:\.\d+)+\.\s\p{Lu}/u;

/** Versions that a text names. */
export function versionsIn(text: string): Version[] {
  return [...text.matchAll(version)].flatMap((match) => {
    const written = match.groups?.["number"] ?? match.groups?.["bare"] ?? "";
    if (numbered.test(match[0]) || sectionNumber.test(text.slice(match.index))) return [];
    // "Python 3" names a generation; a bare figure behind a capital is a version only when it is said to be one.
    if (
      match.groups?.["bare"] === undefined &&
      !written.includes(".") &&
      !marked.test(match[0]) &&
      !/^release/iu.test(match[0])
    )
      return [];
    const start = match.index + match[0].lastIndexOf(written);
    const parts = written
      .replace(/\+$|\.x$/u, "")
      .toLowerCase()
      .split(".");
    return [{ kind: "version" as const, shown: written, start, end: start + written.length, parts }];
  });
}

/** Whether one is the other, or a shorter way to write it: 3.7 and 3.7.2. */
export function versionsAgree(one: Pick<Version, "parts">, other: Pick<Version, "parts">): boolean {
  const length = Math.min(one.parts.length, other.parts.length);
  return one.parts.slice(0, length).every((part, index) => part === other.parts[index]);
}

/** "Wren 2" where Wren is asked for: the second of its name. */
export function generationsIn(question: string, text: string): string[] {
  const asked = new Set(question.match(/\p{Lu}[\p{L}+#]*/gu));
  return [
    ...text.matchAll(/(?<![\p{L}\p{N}])(\p{Lu}[\p{L}+#]*) (\d{1,3})(?![\p{L}\p{N}%:/-]|[.,]\d)/gu),
  ].flatMap(([both, name = "", number = ""]) =>
    asked.has(name) && !question.includes(both) ? [number] : [],
  );
}
