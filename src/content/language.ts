/** A language tag in its canonical form (`en_us` becomes `en-US`), or "" where it is none. */
export function languageTag(text: string | undefined): string {
  const tag =
    text
      ?.trim()
      .split(/[,;\s]/)[0]
      ?.replaceAll("_", "-") ?? "";
  if (tag.length > 35 || !/^[a-z]{2,3}(?:-|$)/i.test(tag)) return "";
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? "";
  } catch {
    return ""; // Not a language tag: pages write what they like here.
  }
}
