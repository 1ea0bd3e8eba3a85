/** A question that was asked before, and what was said. */
export interface Turn {
  readonly question: string;
  readonly answer: string;
}

/** Words that open a question, after which its subject comes. */
const questionWord = "what|which|who|whom|whose|when|where|why|how";
const auxiliary =
  "is|are|was|were|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had|am";
const preposition =
  "on|in|at|for|with|without|under|from|to|into|over|via|by|after|before|during|inside|outside|of|as|since|between";

/** Words at the start of a sentence or inside it; all in capitals they are names: the IN operator, WITHOUT ROWID. */
function inSentence(words: string): string {
  return words
    .split("|")
    .map((word) => `[${word.charAt(0).toUpperCase()}${word.charAt(0)}]${word.slice(1)}`)
    .join("|");
}

const opening = new RegExp(`^(?:${questionWord}|${auxiliary})\\b`, "iu");
/** "And ...", "But ...", "So ...": what joins a question to the last one. */
const joining = /^(?:and|but|or|so|then|ok(?:ay)?|also)\b[\s,]+/iu;
const aboutPhrase = /^(?:(?:what|how) about|and what of)\s+(.+)$/iu;
const bareQuestion = /^(why|why not|how|when|where|who|since when|how so|how come)$/iu;
const prepositionPhrase = new RegExp(`^(${inSentence(preposition)})\\s+.+$`, "u");

/** "its", "their" and so on; and what stands for a thing alone. A "that" or "this" before a noun points, too, but says what it is itself. */
const possessive = /\b(?:its|their|his|her)(?=\s+[\p{L}\p{N}])/iu;
const pronoun = new RegExp(
  `\\b(?:it|they|them|he|she|him|those|these|this one|that one)\\b(?!\\s*['’])|\\b(?:this|that)(?=\\s*$|\\s+(?:${auxiliary}|${preposition}|too|instead|work|mean)\\b)`,
  "iu",
);
const person = /\b(?:he|she|him|his|her)\b/iu;
/** An "it" that stands for nothing: "is it possible to", "how long does it take". */
const emptyIt =
  /\bit\s+(?:(?:be\s+)?(?:possible|necessary|worth|safe|better|true|allowed|advisable|enough)\b|takes?\s+to\b|mean\s+to\b)/iu;

/** A thing called by its name: in quotes, or with a capital, a digit or a mark of code inside. */
const name =
  /[“"`'][^”"`']+[”"`']|(?<![\p{L}\p{N}])(?:[\p{L}\p{N}]*[_.:/\\-][\p{L}\p{N}_.:/\\-]*[\p{L}\p{N}]|\p{L}*\p{Ll}\p{Lu}[\p{L}\p{N}]*|\p{Lu}[\p{L}\p{N}+#]*(?:\s+(?:\p{Lu}[\p{L}\p{N}+#]*|\d[\d.]*))*)(?:\(\))?/gu;
const personName = /\b\p{Lu}[\p{L}'’.-]+(?:\s+\p{Lu}[\p{L}'’-]*)+/u;
const articleAlone = /^(?:the|an?)$/iu;
const article = /^(?:the|a|an|my|our|your|this|that|these|those|some|any)\s+/iu;

/**
 * A follow-up as a question that can be asked alone, by rules: a pronoun becomes what the last question was about, "And on
 * Windows?" takes the place of what it answers to in the last question. One that needs nothing is handed back as it is.
 * @param turns What was asked before, the oldest first; follow-ups among them as they were put.
 */
export function standaloneQuestion(followUp: string, turns: readonly Turn[]): string {
  let before: Turn | undefined;
  for (const turn of turns) {
    if (hasWords(turn.question)) before = { ...turn, question: condense(turn.question, before) };
  }
  return condense(followUp, before);
}

/** "🤔" and "??" have no place in another question, nor anything that one could go on from. */
function hasWords(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

function condense(text: string, before: Turn | undefined): string {
  const asked = text.trim();
  if (!before || !hasWords(asked)) return asked;
  const bare = withoutMarks(asked.replace(joining, ""));
  const last = withoutMarks(before.question);
  if (bareQuestion.test(bare)) return `${askAgain(bare, last)}?`;
  const about = aboutPhrase.exec(bare)?.[1];
  const phrase = about ?? bare;
  const isPointing = pointsBack(phrase);
  if (about !== undefined || !isClause(phrase)) {
    if (isPointing && possessive.test(phrase)) return `What is ${resolved(phrase, before)}?`;
    if (!isPointing) return `${replaceSlot(last, phrase)}?`;
  }
  return isPointing ? `${capitalised(resolved(bare, before))}?` : asked;
}

/** "Why?" after "Is X on?" is "Why is X on?"; after a question with a word of its own, that question is kept beside it. */
function askAgain(word: string, last: string): string {
  const isYesNo = new RegExp(`^(?:${auxiliary})\\b`, "iu").test(last);
  return isYesNo
    ? `${capitalised(word)} ${last.charAt(0).toLowerCase()}${last.slice(1)}`
    : `${capitalised(word)}: ${last}`;
}

/** Whether it asks something itself, or is only a piece: "the maximum", "on Windows". */
function isClause(phrase: string): boolean {
  return opening.test(phrase) || phrase.split(/\s+/u).length > 6;
}

function pointsBack(phrase: string): boolean {
  return possessive.test(phrase) || (pronoun.test(phrase) && !emptyIt.test(phrase));
}

function resolved(phrase: string, { question, answer }: Turn): string {
  const last = withoutMarks(question);
  const who = person.test(phrase) ? personName.exec(answer)?.[0] : undefined;
  const subject = who ?? subjectOf(last);
  const owned = /\b(?:its|their|his|her)\s+(.+)$/iu.exec(phrase);
  if (owned && !opening.test(phrase)) return `the ${owned[1]} of ${subject}`;
  return possessive.test(phrase)
    ? phrase.replace(possessive, `${subject}${subject.endsWith("s") ? "'" : "'s"}`)
    : phrase.replace(pronoun, subject);
}

/** What a question is about: what the asked property belongs to, else the thing that something is done to, else its last name. */
function subjectOf(question: string): string {
  const patterns = [
    // "What is the default of X", "How large is the limit of X", "Which is the port for X": the property's owner.
    new RegExp(
      `^(?:what|which|how\\s+\\w+)\\s+(?:is|are|was|were)\\s+(?:the|a|an)\\s+[^,]*?\\s(?:of|for)\\s+(.+)$`,
      "iu",
    ),
    // "What is X".
    new RegExp(`^(?:what|who)\\s+(?:is|are|was|were)\\s+(.+)$`, "iu"),
    // "How many columns can X have", "Which lock does X take".
    new RegExp(
      `^(?:how\\s+(?:many|much)|which|what)\\s+(?:\\w+\\s+){1,3}?(?:do|does|did|can|could|may|must|should|will)\\s+((?!i\\b|you\\b|we\\b)(?:(?:the|a|an|my)\\s+)?\\S+)`,
      "iu",
    ),
    // "What does X do", "When was X released", "Can X be used": up to the verb that follows.
    new RegExp(
      `^(?:(?:${questionWord})\\s+(?:\\w+\\s+)??)?(?:do|does|did|is|are|was|were|can|could|may|must|should|will|has|have)\\s+((?!i\\b|you\\b|we\\b|one\\b)(?:(?:the|a|an|my)\\s+)?\\S+(?:\\s+(?:module|function|command|option|type|parameter|method|class|table|statement|clause|operator|keyword|tool|program|file|server|directive|setting|view|window|account|report))?)(?:\\s|$)`,
      "iu",
    ),
    // "How do I install X on Linux", "Where can I find X": after the verb, up to a preposition.
    new RegExp(
      `^(?:${inSentence(questionWord)})\\s+(?:do|does|can|could|should|must|would|may)\\s+(?:i|I|you|we|one)\\s+\\p{L}+\\s+(?:up\\s+|off\\s+)?(.+?)(?=\\s+(?:${inSentence(preposition)})\\s|$)`,
      "u",
    ),
    // "Who wrote X".
    /^(?:who|what)\s+\p{L}+\s+(.+)$/iu,
  ];
  for (const pattern of patterns) {
    const found = pattern.exec(question)?.[1];
    if (found !== undefined && !pronoun.test(found) && !articleAlone.test(found)) return shortened(found);
  }
  return [...withoutOpening(question).matchAll(name)].at(-1)?.[0] ?? withoutOpening(question);
}

/** Without what says where or when: "X by default", "X on Linux". */
function shortened(subject: string): string {
  const short = subject.replace(new RegExp(`\\s+(?:${inSentence(preposition)})\\s+(?!the\\b).+$`, "u"), "");
  return articleAlone.test(short) ? subject : short;
}

/** The last question with `phrase` in the place of what it stands against. */
function replaceSlot(last: string, phrase: string): string {
  const lead = prepositionPhrase.exec(phrase)?.[1];
  if (lead !== undefined) {
    const others = inSentence(preposition);
    const same = new RegExp(`\\s(?:${inSentence(lead.toLowerCase())})\\s+.+?(?=\\s+(?:${others})\\s|$)`, "u");
    return same.test(last) ? last.replace(same, () => ` ${phrase}`) : `${last} ${phrase}`;
  }
  // "the maximum" stands against "the default"; a name stands against a name.
  const property = /\bthe\s+\p{L}+(?=\s+(?:\p{L}+\s+)?(?:of|for)\s)/iu;
  if (/^the\s+\p{Ll}+$/u.test(phrase) && property.test(last)) return last.replace(property, () => phrase);
  const names = [...withoutOpening(last).matchAll(name)];
  const old = [...phrase.matchAll(name)].length > 0 ? names.at(-1)?.[0] : undefined;
  const slot = old ?? subjectOf(last);
  const at = last.lastIndexOf(slot);
  if (at < 0) return `${last} ${phrase}`;
  const isDetermined = article.test(slot) || !article.test(phrase) || /\bthe\s$/iu.test(last.slice(0, at));
  const filler =
    article.test(slot) && !article.test(phrase) ? `${article.exec(slot)?.[0] ?? ""}${phrase}` : phrase;
  const put = isDetermined && /\bthe\s$/iu.test(last.slice(0, at)) ? filler.replace(article, "") : filler;
  return `${last.slice(0, at)}${put}${last.slice(at + slot.length)}`;
}

function withoutOpening(question: string): string {
  return question.replace(/^\S+\s*/u, "");
}

function withoutMarks(text: string): string {
  return text.replace(/[\s?!.]+$/u, "").trim();
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
