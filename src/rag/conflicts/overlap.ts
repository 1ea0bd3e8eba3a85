/** What two sets have in common. */
export function commonOf<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): Set<T> {
  return new Set([...one].filter((member) => other.has(member)));
}

/** What is in either of two sets. */
export function allOf<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): Set<T> {
  return new Set([...one, ...other]);
}

/** What is in one of two sets only. */
export function unsharedOf<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): Set<T> {
  return new Set([...one, ...other].filter((member) => !one.has(member) || !other.has(member)));
}
