import { termsOf } from "../text/analyzer.ts";
import { isSpeltOut } from "./spelt-out.ts";

/** How a statement tells what a thing is, each 0 or 1. */
export interface Telling {
  /** "A savepoint is a ...", "SAVEPOINTs are ...", "EACCES means ..."; or an entry or row under its name. */
  readonly defines: number;
  /** It is the subject and does something: "VACUUM rebuilds ...". */
  readonly acts: number;
  /** "... is called a split", or its letters written out. */
  readonly names: number;
}

const nothing: Telling = { defines: 0, acts: 0, names: 0 };

const asks: readonly RegExp[] = [
  /^what(?:['’]?s| is| are| was| were)\s+(?:meant by\s+)?(.+)$/iu,
  /^what (?:does|do|did)\s+(.+?)\s+(?:do|mean|stand for)$/iu,
  /^(?:define|explain)\s+(.+)$/iu,
];
const article = /^(?:exactly\s+)?(?:an?|the)\s+/iu;
/** A subject with such a word in it asks for something of a thing, not what the thing is. */
const asksOfIt =
  /\b(?:defaults?|maximum|minimum|number|size|difference|limit|name|purpose|reason|advantage|command|option|value|port|meaning)\b|\s(?:of|for|in|to|that|which|when|if|used|with|on|by|from|and|or|called)\s/iu;
const mostSubjectWords = 5;
/** What stands beside a name and says of what kind it is. */
const kind =
  /^(?:command|statement|function|module|option|mode|file|sql|utility|program|tool|directive|keyword|class|method|result|code|binary|term|constant|literal|table)s?$/iu;
const kinds = new RegExp(kind.source.replace("^", String.raw`\b`).replace("$", String.raw`\b`), "giu");
const lead = /^(?:an?|the|each|every|any)$/iu;
const adverb = /^(?:\w+ly|also|often|just|then|itself|thus|here|in|effect|sometimes)$/iu;
/** What follows "is" where it says what something is: "is a", "is used to". */
const complement = /^(?:(?:an?|the|one|any|some|how|what|where|when|similar|like|equivalent)\b|used to\b)/iu;
/** What follows "are" where it says something else: "are created", "are not". */
const otherPredicate =
  /(?:ed|ing)$|^(?:not|always|never|very|as|in|on|at|for|by|only|made|written|equal|available)$/iu;
const equates = /^(?:means?|refers?|stands?|represents?|describes?|consists?)$/u;
const does =
  /^(?!(?:has|does|was|this|its|as|always|is)$)\p{Ll}+s$|^(?:provide|allow|let|enable|implement|return|compute|create|contain|give|make|display|report|measure|add|remove|set|control|define|cause|change|work|serve|act|show|convert|take|check|find|help|store|hold|appear)$/u;
const names = /\b(?:called|known as|referred to as|termed|named)\s+(?:an?\s+|the\s+)?["“'‘]?([\w -]+)/giu;
/** Of a section that opens the one above it, and is about the same. */
const opensSection =
  /^(?:introduction|overview|description|summary|about|abstract|background|basics|basic concepts|definition|purpose|general|executive summary|synopsis|concepts)$/iu;
/** "GIL: see global interpreter lock". */
const pointsElsewhere = /^\W*see\b/iu;
/** A heading's number, a list's dot. */
const mark = /^[^\p{L}_]+/u;

/** The thing that a question wants explained, as in "What is WAL?" or "What does VACUUM do?". */
export class SubjectAsked {
  /** Its words, without "the" and "command", each as stems. */
  readonly #words: readonly (readonly number[])[];
  readonly #terms: ReadonlySet<number>;
  /** Its capitals, where it is an abbreviation. */
  readonly #abbreviation: string | undefined;

  private constructor(name: string) {
    const bare = isOption(name) ? name : name.replace(kinds, " ");
    const words = (termsOf(bare).length > 0 ? bare : name).split(/\s+/u);
    this.#words = words.map((word) => termsOf(word)).filter((terms) => terms.length > 0);
    this.#terms = new Set(this.#words.flat());
    this.#abbreviation = words.find((word) => /^\p{Lu}{2,6}$/u.test(word));
  }

  /** Nothing where a question asks for something else. */
  static of(question: string): SubjectAsked | undefined {
    const bare = question.trim().replace(/\s*\?+$/u, "");
    const found = asks.map((pattern) => pattern.exec(bare)?.[1]).findLast((match) => match !== undefined);
    const name =
      found
        ?.replace(/["“”'‘’]/gu, "")
        .replace(article, "")
        .replace(/(?<=^-\S+)=\S*/u, "")
        .trim() ?? "";
    const isOfIt = asksOfIt.test(` ${name} `) && !isOption(name);
    if (name === "" || name.split(/\s+/u).length > mostSubjectWords || isOfIt) return undefined;
    const subject = new SubjectAsked(name);
    return subject.#terms.size > 0 ? subject : undefined;
  }

  /** What a statement tells of it. @param term What the statement is an entry or row of, or "". */
  toldBy(quote: string, term: string): Telling {
    const flat = quote.replace(/\s+/gu, " ");
    const isNamed = [...flat.matchAll(names)].some(([, name = ""]) => this.#startOf(name.split(/\s+/u)) > 0);
    const { defines, acts } = this.#predicate(flat);
    return {
      defines: Math.max(defines, Number(this.#isEntry(quote, term))),
      acts,
      names: Number(isNamed || this.#isSpeltOut(flat)),
    };
  }

  /** Whether a statement says what it is: as {@link toldBy} tells, of whole pages in good time. */
  isDefinedBy(quote: string, term: string): boolean {
    const opening = quote.slice(0, mostOpening).replace(/\s+/gu, " ");
    return this.#predicate(opening).defines === 1 || this.#isEntry(quote, term);
  }

  /** Whether a heading is its name; under "Introduction" and the like the heading above counts. */
  heads(headingPath: string): boolean {
    const parts = headingPath.split(" > ").map((part) => part.replace(mark, "").trim());
    const own = parts.findLast((part, index) => index === 0 || !opensSection.test(part)) ?? "";
    const terms = new Set(termsOf(own.replace(kinds, " ")));
    return (
      this.#terms.size >= leastHeadingShare * terms.size && [...this.#terms].every((one) => terms.has(one))
    );
  }

  #isEntry(quote: string, term: string): boolean {
    return term !== "" && this.#isNamedBy(term) && !pointsElsewhere.test(quote.slice(term.length));
  }

  #isSpeltOut(text: string): boolean {
    return this.#abbreviation !== undefined && isSpeltOut(this.#abbreviation, text);
  }

  /** A statement that begins with it, by what comes next. */
  #predicate(flat: string): Telling {
    const words =
      flat
        .replace(/\([^()]*\)/gu, " ")
        .replace(mark, "")
        .match(/[\p{L}\p{N}_.:()*'’-]+|,/gu) ?? [];
    let at = lead.test(words[0] ?? "") ? 1 : 0;
    const length = this.#startOf(words.slice(at));
    if (length === 0) return nothing;
    at += length;
    while (kind.test(words[at] ?? "")) at++;
    if (words[at] === "of") at += lead.test(words[at + 1] ?? "") ? 3 : 2;
    if (words[at] === ",") at = behindAside(words, at);
    while (adverb.test(words[at] ?? "")) at++;
    const verb = words[at]?.toLowerCase() ?? "";
    const next = words
      .slice(at + 1)
      .filter((word) => !adverb.test(word))
      .slice(0, 2)
      .join(" ");
    const isCopula = /^(?:is|are|was|were)$/u.test(verb);
    const isTold =
      equates.test(verb) ||
      (isCopula && complement.test(next)) ||
      (verb === "are" && next !== "" && !otherPredicate.test(next.split(" ")[0] ?? ""));
    return { defines: Number(isTold), acts: Number(!isTold && !isCopula && does.test(verb)), names: 0 };
  }

  /** How many words at the start are its name; 0 where they are not. */
  #startOf(words: readonly string[]): number {
    const isName = this.#words.every((terms, index) => isWord(words[index] ?? "", terms));
    return isName ? this.#words.length : 0;
  }

  /** "Tablespace", "zip(*iterables)", "Multi-version concurrency control (MVCC)". */
  #isNamedBy(term: string): boolean {
    const [, aside = ""] = /\(([^()]*)\)/u.exec(term) ?? [];
    const outside = term.replace(value, " ");
    if (outside.length <= mostTermLength && this.#isSpeltOut(outside)) return true;
    return [outside, aside].some((text) => {
      const words = text.split(/\s+/u).filter((word) => word !== "" && !kind.test(word));
      return words.length === this.#words.length && this.#startOf(words) > 0;
    });
  }
}

/** A heading is at most this much longer than the name: "How VACUUM works". */
const leastHeadingShare = 0.6;
const mostAsideWords = 8;
/** What a statement says that it begins with, it says within so many units. */
const mostOpening = 400;
const mostTermLength = 60;
/** What an entry's term goes on with: "(*iterables)", "=<number> [default: 16]". */
const value = /(?:\(|=<|=\[| \[).*/su;

/** "--trace-size": its words are one name. */
function isOption(name: string): boolean {
  return /^-\S+$/u.test(name);
}

/** Whether a word has these stems and no other, but for the end of a file's name. */
function isWord(word: string, terms: readonly number[]): boolean {
  const own = termsOf(word.replace(/(?<=\w)\.\w{1,4}$/u, ""));
  return (
    !/\w\._/u.test(word) &&
    terms.every((term) => own.includes(term)) &&
    own.every((term) => terms.includes(term))
  );
}

/** "X, or more accurately Y, is": behind the second comma. */
function behindAside(words: readonly string[], comma: number): number {
  const end = words.indexOf(",", comma + 1);
  return end > 0 && end - comma <= mostAsideWords + 1 ? end + 1 : comma;
}
