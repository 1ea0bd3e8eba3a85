import type { FetchedPage, PageDocument, PageSignals, ReadOutcome, Verdict } from "../document.ts";

/** Main text shorter than this says little by itself; UTF-16 units. */
const littleText = 200;
/** A page that says "not found" does so in few words. */
const shortPage = 1_500;

const missingTitle =
  /^\W*(?:error\W*)?404\b|\b(?:page|file|document|site|content|article)\s+(?:(?:was|is|could|can)\s*(?:not|n.t)(?:\s+be)?|not)\s+(?:found|available|exist)|^\W*not\s+found\b|\bdoes(?:n.t| not) exist\b|\bno longer (?:exists|available)\b/i;
const signInTitle = /\b(?:log|sign)[\s-]?in\b|\bauthenticat/i;
const signInPath = /\/(?:log-?in|sign-?in|auth|sso|account\/login|users\/sign_in)(?:[/?#.]|$)/i;
const wantsScript =
  /\b(?:enable|requires?|need|turn on|activate)\b[^.]{0,40}\bjavascript\b|\bjavascript\b[^.]{0,60}\b(?:enable|require|disabled|needed|turned off|activate)/i;

/**
 * What a fetched page turned out to be, by rules alone. False alarms cost pages that no tier can win back, so walls,
 * logins and soft 404s stand on positive evidence, never on brevity.
 */
export function judgePage(page: FetchedPage, outcome: ReadOutcome): Verdict {
  const { httpStatus } = page;
  const walls = outcome.kind === "document" ? outcome.signals.wallMarks : [];
  if (httpStatus === 429) return { kind: "rate-limited", evidence: "HTTP 429" };
  if (walls.length > 0 && (httpStatus >= 400 || isThin(outcome))) {
    return { kind: "blocked", evidence: `a bot wall: ${walls.join(", ")}` };
  }
  if (httpStatus === 503) return { kind: "rate-limited", evidence: "HTTP 503" };
  if (httpStatus === 401 || httpStatus === 407)
    return { kind: "login", evidence: `HTTP ${httpStatus}`, isByStatus: true };
  if (httpStatus === 403) return { kind: "blocked", evidence: "HTTP 403", isByStatus: true };
  if (httpStatus >= 400) return { kind: "http-error", evidence: `HTTP ${httpStatus}` };
  if (outcome.kind === "unsupported")
    return { kind: "unsupported", evidence: `content type ${outcome.contentType || "unknown"}` };
  if (outcome.kind === "unreadable") return { kind: "unsupported", evidence: outcome.detail };
  if (page.body.length === 0) return { kind: "empty", evidence: "an answer without a body", isFinal: true };
  return judgeContent(page, outcome.document, outcome.signals);
}

function judgeContent(page: FetchedPage, document: PageDocument, signals: PageSignals): Verdict {
  const isShort = signals.fullTextLength < shortPage;
  if (isShort && (missingTitle.test(document.title) || missingTitle.test(firstLine(document.text)))) {
    return {
      kind: "soft-404",
      evidence: `HTTP ${page.httpStatus}, but the page says "${(document.title || firstLine(document.text)).slice(0, 80)}"`,
    };
  }
  if (
    isShort &&
    signals.passwordFields > 0 &&
    (signInTitle.test(document.title) || signInPath.test(page.finalUrl))
  ) {
    return { kind: "login", evidence: "a sign-in form and little else" };
  }
  if (signals.consentMarks.length > 0 && signals.textLength < littleText) {
    return { kind: "consent", evidence: `a consent wall: ${signals.consentMarks.join(", ")}` };
  }
  if (!page.rendered && signals.textLength < littleText) {
    if (signals.hasEmptyAppRoot && signals.scripts > 0)
      return { kind: "shell", evidence: "an empty application root, filled by a script" };
    if (wantsScript.test(signals.noscriptText)) return { kind: "shell", evidence: "asks for JavaScript" };
    if (signals.fullTextLength === 0 && signals.scripts > 0)
      return { kind: "shell", evidence: "scripts and no text" };
  }
  if (signals.fullTextLength === 0 && document.text === "") return { kind: "empty", evidence: "no text" };
  return { kind: "ok", evidence: `${signals.textLength} characters of text` };
}

function isThin(outcome: ReadOutcome): boolean {
  return outcome.kind === "document" && outcome.signals.textLength < shortPage;
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? text.slice(0, 200) : text.slice(0, Math.min(end, 200));
}
