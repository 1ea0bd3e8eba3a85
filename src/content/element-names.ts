import type { HtmlNode } from "./html-tree.ts";

/** What an element's class and id say it is for: a set of bits. */
export const purposes = {
  /** Around the content on any page: menus, sharing, consent, related links, buttons. */
  furniture: 1,
  /** What readers wrote below something else. */
  comments: 2,
  reviews: 4,
  /** Beside the description of a product: price, gallery, delivery. */
  shop: 8,
} as const;

/**
 * Words of class names, each kept because leaving it out lowered F1 on the labelled pages (bench/read.ts) or because it names
 * the same thing as one that did. Words that looked right and did harm (banner, header, widget, caption, sticky, hidden,
 * accordion, category) are left out on purpose.
 */
const vocabulary: readonly (readonly [number, string])[] = [
  [
    purposes.furniture,
    "nav navigation menu breadcrumb breadcrumbs footer sidebar cookie cookies consent share sharing social related recommended " +
      "newsletter subscribe signup popup modal promo advert advertisement ads sponsor sponsored pagination pager toolbar " +
      "skip cart minicart cta ctas dropdown button buttons sort byline author bio follow feedback copyright " +
      "signature badge swatch variant desktop disclaimer placeholder loader similar extras joinbar stats recommendation " +
      "recommendations upsell crosssell",
  ],
  [purposes.comments, "comment comments respond"],
  [purposes.reviews, "review reviews"],
  [purposes.shop, "carousel slider shipping returns delivery price gallery thumbnails payment warranty"],
];

const purposeOfWord = new Map<string, number>();
for (const [purpose, words] of vocabulary)
  for (const word of words.split(" ")) purposeOfWord.set(word, purpose);

/** Reads the purposes of one page's elements, each class list once. */
export class ElementNames {
  readonly #known = new Map<string, number>();

  purposeOf(node: HtmlNode): number {
    if (node.attributes === undefined) return 0;
    const className = node.attribute("class");
    const id = node.attribute("id");
    return (className === undefined ? 0 : this.#read(className)) | (id === undefined ? 0 : this.#read(id));
  }

  #read(names: string): number {
    const known = this.#known.get(names);
    if (known !== undefined) return known;
    let purpose = 0;
    // Words of kebab-case, snake_case, BEM and camelCase alike.
    for (const word of names.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g) ?? [])
      purpose |= purposeOfWord.get(word.toLowerCase()) ?? 0;
    this.#known.set(names, purpose);
    return purpose;
  }
}
