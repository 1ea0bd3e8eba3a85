/** Before the value: what ends here stands by itself, unless it sets the scene for what follows. */
const breakBefore = /[;:.!?]\s|,\s(?:and|but|so|while|whereas|yet)\s/gu;
const setsScene =
  /^(?:for|among|in|on|at|with|without|if|when|unless|under|within|during|outside|after|before|from|between|by|since|until|as|through|using|while|where|only)\b/iu;
/** Behind the value: where another thing is said, and no condition of this one. */
const breakBehind =
  /[;.!?](?=\s|$)|\n|:\s|,\s(?:when|where|although|though|as|since|no|not|\p{L}+ed)\s|,?\s(?:so|because|which|who|whereas)\s|,\s(?:all|most|some|many|few|each|an?\s\p{L}+) of\s|,?\s(?:and|but)\s(?!only|for|in|on|at|with|without|if|when|under|during|not\b|less|more|a\b|an\b|\d)/u;
/** Fewer words before a colon are what the value is of: "Great bell: 5 tonnes". */
const leastWords = 4;

/**
 * The part of a sentence that gives the value: "Good news: the ticket costs 5 euros, so buy two" is about the ticket only
 * between the colon and the comma.
 * @param start Of the value; at `end` it is over.
 */
export function clauseOf(
  text: string,
  start: number,
  end: number,
): { readonly from: number; readonly to: number } {
  let from = 0;
  for (const { index, 0: stop } of text.slice(0, start).matchAll(breakBefore)) {
    const left = text.slice(from, index).trim();
    if (!setsScene.test(left) && left.split(/\s+/u).length >= leastWords) from = index + stop.length;
  }
  const behind = breakBehind.exec(text.slice(end));
  return { from, to: behind ? end + behind.index : text.length };
}
