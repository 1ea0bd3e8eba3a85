import { TaskTooLargeError, maxInputBytes } from "../../../tasks.ts";

/** What a task carries, as it is kept. @throws {TaskTooLargeError} */
export function encodeInput(what: string, value: unknown): string {
  const json = JSON.stringify(value) ?? "null";
  // A character takes three bytes at most: short texts need no count.
  const bytes = json.length * 3 > maxInputBytes ? Buffer.byteLength(json) : 0;
  if (bytes > maxInputBytes) throw new TaskTooLargeError(what, bytes);
  return json;
}

/** Abilities as one text, the same for the same set. */
export function encodeNeeds(needs: readonly string[] | undefined): string {
  return needs?.length ? JSON.stringify([...new Set(needs)].sort()) : "";
}

export function decodeNeeds(needs: string): readonly string[] {
  return needs === "" ? [] : (JSON.parse(needs) as string[]);
}
