import { termsOf } from "../text/analyzer.ts";
import { clauseOf } from "./clause.ts";
import type { Value } from "./evidence.ts";
import { codeIn } from "./literals.ts";
import { namesIn } from "./names.ts";
import { differInNarrowing, type Narrowing, narrowingOf } from "./narrowing.ts";
import { commonOf, unsharedOf } from "./overlap.ts";
import { scopeOf } from "./scope.ts";
import { withPlainVerbs } from "./verb-forms.ts";
import { versionsAgree, versionsIn } from "./versions.ts";

/** What narrows a claim: where two claims are narrowed differently, both can be true. */
export interface Qualifiers {
  /** Versions named in the sentence or a heading, and those that the whole page is about. */
  readonly versions: readonly string[];
  readonly pageVersions: readonly string[];
  readonly platforms: ReadonlySet<string>;
  readonly years: ReadonlySet<string>;
  /** Whether the value is one that a year may narrow; who founded it stays. */
  readonly isMeasured: boolean;
  /** Whether it tells of what was, or of what changed. */
  readonly isPast: boolean;
  readonly isConditional: boolean;
  /** Terms of the part or case it is about. */
  readonly scope: ReadonlySet<number>;
  /** Sides of an opposition: "client", "read", "min". */
  readonly sides: ReadonlySet<string>;
  /** Code and names that the question does not have: the subject, where the question names another. */
  readonly subjects: ReadonlySet<string>;
  /** What counts against a sentence of another site. */
  readonly narrowing: Narrowing;
}

const platforms =
  /\b(?:windows|linux|mac ?os(?: x)?|os x|unix|posix|bsd|freebsd|openbsd|netbsd|solaris|aix|ios|android|debian|ubuntu|fedora|centos|rhel|alpine|arm(?:64)?|x86(?:[_-]64)?|amd64|(?:32|64)-bit|docker|kubernetes|aws|azure|chrome|firefox|safari|ipv4|ipv6|cpython|pypy|jython|mobile|desktop)\b/giu;
/** A year behind a verb is when that happened, no more. */
const yearWords =
  /(?<!\b(?:\p{L}+ed|built|born|made|won|set)\s)\b(?:in|of|since|until|by|during|before|after|from|for|year|fiscal|as of)\s(1[5-9]\d\d|20\d\d)\b|\((1[5-9]\d\d|20\d\d)\)/giu;
const past =
  /\b(?:previously|formerly|originally|used to|no longer|historically|in the past|at (?:that|the) time|back then|was (?:changed|raised|increased|reduced|lowered)|(?:has|have) been (?:changed|raised|increased|reduced|lowered)|(?:changed|raised|increased|reduced|lowered) (?:from|to)|until (?:\d{4}|then|recently|lately)|laid off|hired|fired|lost|gained|(?:grew|rose|fell) (?:to|by|from)|additional|another|extra|legacy|obsolete|old(?:er)? (?=version|release|default|value|limit|model|name|system|one)|earlier|in future|planned|proposed|estimated|projected|expected)\b/iu;
const ahead = /\bwill (?:be|become)\b/iu;
/** "Was mayor from 1951 to 1960", where who is mayor is asked for. */
const wasThen = /\b(?:was|were|had)\b.*\b(?:from|in|until|during) \d{4}\b/iu;
const asksAhead = /^\s*\S+ (?:do|does|is|are|will)\b/iu;
const historyPage =
  /\bwhat.s new\b|\brelease notes?\b|\bchange ?log\b|\bmigrat|\bupgrad|\bhistory\b|\barchived?\b/iu;
const condition =
  /\b(?:if|when|whenever|unless|otherwise|except|only|while|in case|as long as|provided that|assuming|depending|depends|where|for each|with|without)\b|^(?:during|after|before)\b/iu;
/** What says no more than "by default". */
const noCondition =
  /\b(?:if|when|unless|where|in case)\b[^,.;]{0,40}\b(?:(?:not|none|nothing|otherwise|isn['’]t|no \w+)\b[^,.;]{0,20}\b(?:given|specified|set|passed|supplied|provided|present|configured|changed)|omitted|absent|missing|unspecified|(?:otherwise )?(?:specified|configured|stated|noted|set|changed))\b|\bif (?:none|omitted)\b|\bunless (?:you|told|they|users?)\b[^,.;]{0,20}\b(?:otherwise|differently)\b|\bunless (?:it is |they are )?(?:changed|overridden)\b/giu;
/** "With a length of" is how a sentence brings its value. */
const withValue =
  /\bwith (?:an?|its) (?:\p{L}+\s){1,3}of\b|\bwith\s+(?:about\s+|some\s+|over\s+)?#|\bonly\s+(?:about\s+)?#/giu;
const opposed =
  "min|max minimum|maximum client|server read|write input|output soft|hard upload|download inbound|outbound incoming|outgoing request|response source|destination " +
  "http|https free|pro|premium|enterprise|team|basic|business|professional|starter|standard adult|child|senior|student male|female men|women daily|weekly|monthly|yearly|annual|annually " +
  "internal|external public|private north|south|east|west upper|lower first|second|third|last local|remote primary|secondary|replica|standby development|production|staging|test debug|release " +
  "idle|connect|connection|read|total hot|cold cached|uncached signed|unsigned single|double ascending|descending start|end begin|close";
/** What happened at one time is not what happened at another; who founded it may also be who opened it. */
const events = "opened|completed|founded|released|announced|acquired|died|born".split("|");
const groups = [...opposed.split(" ").map((group) => group.split("|")), events];
/** @param value Which the words of the claim itself are not counted. */
export function qualifiersOf(
  question: string,
  headings: string,
  title: string,
  value: Value,
  quote: string,
): Qualifiers {
  const path = headings.replace(title, "");
  const text = `${path}\n${quote}`;
  const isTime = value.kind === "date";
  const without = `${quote.slice(0, value.start)} # ${quote.slice(value.end)}`;
  const said = value.kind === "verdict" ? quote : without;
  const { from, to } = clauseOf(quote, value.start, value.end);
  const clause =
    value.kind === "verdict"
      ? verdictClause(quote, value)
      : `${quote.slice(from, value.start)} # ${quote.slice(value.end, to)}`;
  const asked = new Set(lowerWords(question));
  const questionTerms = new Set(termsOf(withPlainVerbs(question)));
  return {
    versions:
      value.kind === "version"
        ? []
        : versionsIn(`${path}\n${said}`)
            .map(({ shown }) => shown)
            .filter((shown) => !question.includes(shown)),
    pageVersions: [...versionsIn(title).map(({ shown }) => shown), ...generationsIn(question, said)],
    platforms: platformsOf(text, asked),
    years: isTime
      ? new Set()
      : new Set(
          [...`${path}\n${isRow.test(quote) ? clause : said}`.matchAll(yearWords)]
            .map((match) => match[1] ?? match[2] ?? "")
            .filter((year) => !question.includes(year)),
        ),
    isMeasured: value.kind === "quantity",
    isPast:
      past.test(clause) ||
      (!asksAhead.test(question) && ahead.test(clause)) ||
      (asksAhead.test(question) && wasThen.test(clause)) ||
      (value.kind !== "name" &&
        value.kind !== "date" &&
        (historyPage.test(headings) || historyPage.test(title))),
    isConditional: condition.test(clause.replace(noCondition, " ").replace(withValue, " ")),
    scope: scopeOf(withPlainVerbs(clause), questionTerms),
    sides: new Set(
      [...lowerWords(clause), ...lowerWords(path)].filter((word) =>
        groups.some((group) => group.includes(word) && !(group === events && value.kind === "name")),
      ),
    ),
    subjects: subjectsOf(question, path, said, value),
    narrowing: narrowingOf(
      question,
      questionTerms,
      value,
      withPlainVerbs(clause.replace(noCondition, "").replace(withValue, "#").trim()),
      `${title}\n${path}`,
    ),
  };
}

/** The cells of a row stand each for itself. */
const isRow = /^[^.]{1,60}: [^.]*; /u;

/** The clause that says yes or no, with what sets its scene and what it depends on. */
function verdictClause(quote: string, { start, end }: Value): string {
  const before = quote.slice(0, start);
  const behind = quote.slice(end);
  const scene = setsScene.test(before) ? before : "";
  return `${scene}${quote.slice(start, end)}${dependsBehind.test(behind) ? behind : ""}`;
}

const setsScene =
  /^(?:if|when|whenever|unless|with|without|while|in|on|at|during|outside|from|for|until|between|before|after|under)\b/iu;
const dependsBehind =
  /^,?\s(?:if|when|unless|except|but (?:not|only)|only|provided|as long as|without|with)\b/iu;

/** Whether two claims speak of different things or cases, so that their values do not contradict. */
export function differInQualifiers(one: Qualifiers, other: Qualifiers, areNeighbours: boolean): boolean {
  const differ =
    differInVersions(one, other) ||
    !sameSet(one.platforms, other.platforms) ||
    (one.years.size > 0 && other.years.size > 0 && areDisjoint(one.years, other.years)) ||
    (one.isMeasured && (one.years.size === 0) !== (other.years.size === 0)) ||
    one.isPast !== other.isPast ||
    areOpposed(one.sides, other.sides);
  if (!areNeighbours) return differ || differInNarrowing(one.narrowing, other.narrowing);
  return (
    differ ||
    one.isConditional !== other.isConditional ||
    !sameSet(one.scope, other.scope) ||
    (one.subjects.size > 0 && other.subjects.size > 0 && areDisjoint(one.subjects, other.subjects)) ||
    one.subjects.size > 0 !== other.subjects.size > 0
  );
}

function differInVersions(one: Qualifiers, other: Qualifiers): boolean {
  const all = [...one.versions, ...one.pageVersions];
  const others = [...other.versions, ...other.pageVersions];
  if (all.length > 0 && others.length > 0)
    return !all.some((version) =>
      others.some((another) => versionsAgree(asVersion(version), asVersion(another))),
    );
  return one.versions.length > 0 || other.versions.length > 0;
}

/** "Wren 2" where Wren is asked for: the second of its name. */
function generationsIn(question: string, text: string): string[] {
  const asked = new Set(question.match(/\p{Lu}[\p{L}+#]*/gu));
  return [
    ...text.matchAll(/(?<![\p{L}\p{N}])(\p{Lu}[\p{L}+#]*) (\d{1,3})(?![\p{L}\p{N}%:/-]|[.,]\d)/gu),
  ].flatMap(([both, name = "", number = ""]) =>
    asked.has(name) && !question.includes(both) ? [number] : [],
  );
}

function asVersion(shown: string) {
  return { kind: "version" as const, shown, start: 0, end: 0, parts: shown.split(".") };
}

function areOpposed(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return groups.some((group) => {
    const [own, others] = [one, other].map((sides) => group.filter((word) => sides.has(word))) as [
      string[],
      string[],
    ];
    return own.length > 0 && others.length > 0 && !own.some((word) => others.includes(word));
  });
}

/** Written small, these are things of every day. */
const commonPlatform = /^(?:windows|alpine|chrome|safari|firefox|docker|fedora)$/u;

function platformsOf(text: string, asked: ReadonlySet<string>): Set<string> {
  const found = [...text.matchAll(platforms)].filter(([word]) => !commonPlatform.test(word));
  const isAsked = found.some(([word]) => asked.has(word.toLowerCase()));
  // Beside the platform that is asked for, "and Linux" narrows nothing.
  const narrowing = isAsked
    ? found.filter(({ index }) => !/(?:,|\band|\bor)\s$/iu.test(text.slice(0, index)))
    : found;
  return new Set(narrowing.map(([word]) => word.toLowerCase()).filter((word) => !asked.has(word)));
}

function subjectsOf(question: string, path: string, said: string, value: Value): Set<string> {
  const asked = question.toLowerCase();
  const code = value.kind === "literal" ? [] : codeIn(`${path}\n${said}`).map(({ text }) => text);
  // Names begin sentences and headings too; those inside count.
  const names =
    value.kind === "name" || value.kind === "date"
      ? []
      : namesIn(said)
          .filter(({ start }) => start > 0)
          .map(({ shown }) => shown.toLowerCase());
  return new Set(
    [...code, ...names].filter(
      (subject) =>
        subject.length > 2 &&
        !asked.includes(subject) &&
        !subject.split(/[\s.]/u).every((part) => asked.includes(part)),
    ),
  );
}

function areDisjoint(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return commonOf(one, other).size === 0;
}

function lowerWords(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

function sameSet<T>(one: ReadonlySet<T>, other: ReadonlySet<T>): boolean {
  return unsharedOf(one, other).size === 0;
}
