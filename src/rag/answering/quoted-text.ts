/** What an answer by quotes says: the quotes one after the other, on one line. */
export function quotedText(quotes: readonly { readonly quote: string }[]): string {
  return quotes.map(({ quote }) => quote.replace(/\s+/g, " ").trim()).join(" ");
}
