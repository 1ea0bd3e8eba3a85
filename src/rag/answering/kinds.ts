/** What a question asks for, and how a sentence looks that may give it. */
interface Kind {
  readonly asks: RegExp;
  readonly holds: RegExp;
}

const number =
  /\d|\b(?:zero|no|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|half|once|twice|several|unlimited|first|second|third|single)\b/iu;

const kinds: readonly Kind[] = [
  {
    asks: /\b(?:how (?:many|much|long|far|old|often|tall|high|big|large|deep|fast)|what (?:number|percentage|size|port|share|fee|ratio|cost|rate)|lowest|highest|maximum|minimum|largest|smallest|longest|shortest|status code|port|number of|value|level)\b/iu,
    holds: number,
  },
  {
    asks: /\b(?:when (?:was|were|did|does|is|will)|(?:what|which) (?:year|date|version|release)|since (?:when|which))\b/iu,
    holds:
      /\b(?:1[89]|20)\d\d\b|\b\d+\.\d+|\b(?:since|after|before|until|during|version|release|when|once|as soon as)\b/iu,
  },
  {
    asks: /\b(?:who|whom|whose)\b/iu,
    holds:
      /\b(?:by|from|author|wrote|written|created|developed|founded|invented|thanks|contributed)\b.*\b\p{Lu}|[\p{Ll},] \p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+/u,
  },
  {
    asks: /\bwhere\b|\b(?:in|under) which (?:file|directory|folder|place|menu)\b/iu,
    holds: /[/~\\]\w|\b(?:in|at|on|under|from|stored|located|found|menu|tab|directory|folder|file)\b/iu,
  },
  {
    asks: /\bwhy\b|\breason\b|\b(?:dis)?advantage\b|\bdrawback\b/iu,
    holds:
      /\b(?:because|since|so that|in order|due to|therefore|thus|hence|as (?:it|this|the|they)|reason|otherwise|to (?:avoid|prevent|ensure|allow|make)|cannot|would|drawback|limitation|(?:dis)?advantage|means)\b/iu,
  },
  {
    asks: /\bdefaults?\b|\bunless (?:i|told|you)\b|\bassumed\b|\bnone is (?:chosen|given)\b|\bwithout one\b|\busual(?:ly)?\b/iu,
    holds:
      /\bdefaults?\b|=|\bassumed\b|\bunless\b|\bomit|\bnot (?:given|specified|set)\b|\bif no(?:t|ne)?\b/iu,
  },
  {
    asks: /^\s*(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have)\b/iu,
    holds:
      /\b(?:not|no|never|only|cannot|can|must|may|should|always|need|any|also|allowed|possible|required|supported)\b|n['’]t\b/iu,
  },
  {
    asks: /\bhow (?:do|can|could|should|would|to|are|is|does)\b|\bwhat (?:must|should) i\b/iu,
    holds:
      /^(?:use|set|add|click|select|open|choose|press|run|enter|type|install|create|specify|enable|disable|go|start|make|put|call|pass|to|if you)\b|\b(?:use|using|you (?:can|must|need|should|will)|by \w+ing|must be|can be|command|option|select|click|simply|set)\b/iu,
  },
  {
    asks: /\bstands? for\b|\babbreviat|\bacronym/iu,
    holds: /\(\p{Lu}|\bstands? for\b|\bshort for\b|\([^)]*\p{Lu}\p{Ll}+ \p{Lu}/u,
  },
  {
    asks: /\b(?:which|what) (?:\w+ ){0,3}?(?:command|option|flag|function|method|module|class|parameter|directive|variable|tool|program|key|setting|statement|token|exception|decorator|attribute|operator|type|format|keyword|clause|view|catalog|file|utility)\b/iu,
    holds: /\w[_.]\w|\p{Lu}{2,}|\p{Ll}\p{Lu}|\w\(\)|--?\w|[<>%{}[\]]|\p{Lu}\w+ /u,
  },
];

/** How many of the kinds of thing that a question asks for a sentence holds something of, and how many it lacks. */
export class KindsAsked {
  readonly #asked: readonly Kind[];

  constructor(question: string) {
    this.#asked = kinds.filter(({ asks }) => asks.test(question));
  }

  heldBy(sentence: string): { readonly held: number; readonly lacking: number } {
    const held = this.#asked.filter(({ holds }) => holds.test(sentence)).length;
    return { held, lacking: this.#asked.length - held };
  }
}
