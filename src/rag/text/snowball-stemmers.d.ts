declare module "snowball-stemmers" {
  export interface Stemmer {
    stem(word: string): string;
  }
  /** @throws When there is no such language. */
  export function newStemmer(language: string): Stemmer;
}
