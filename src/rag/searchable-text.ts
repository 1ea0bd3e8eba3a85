/** What is searched and embedded of a passage: its heading path, then the passage itself. */
export function searchableText(headingPath: string, passage: string): string {
  return headingPath === "" ? passage : `${headingPath}\n${passage}`;
}
