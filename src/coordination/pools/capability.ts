/**
 * Whether an agent that provides these capabilities can do what is needed. A capability is a name and, after an `@`,
 * a detail such as a region, a language or a version: who provides "render@eu" can "render", not the other way round.
 * "*" is everything.
 */
export function canDo(provides: readonly string[], needs: readonly string[]): boolean {
  return needs.every((need) =>
    provides.some((has) => has === need || has === "*" || has.startsWith(`${need}@`)),
  );
}
