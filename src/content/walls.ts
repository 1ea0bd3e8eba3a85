import type { HtmlNode } from "./html-tree.ts";
import { visibleText } from "./links.ts";
import type { Survey } from "./survey.ts";

/** Pages with more text than this carry content, whatever scripts they load: vendors' scripts run on ordinary pages too. */
const maxWallText = 4_000;
/** A consent form gates a page that has no more text than this outside of it. */
const maxGatedText = 600;
const scriptSample = 20_000;
const maxSource = 2_000;

interface WallPage {
  readonly title: string;
  readonly text: string;
  /** Addresses of scripts and frames, one a line. */
  readonly sources: string;
  readonly scripts: string;
  /** Ids and classes of the elements seen, one a line. */
  readonly names: string;
}

/**
 * What only the wall itself carries, by vendor. A vendor's ordinary script (Cloudflare's `jsd/main.js`, DataDome's `tags.js`,
 * PerimeterX's sensor) is no evidence: it runs on pages that were let through.
 */
const walls: readonly (readonly [string, (page: WallPage) => boolean])[] = [
  [
    "cloudflare",
    (page) =>
      /_cf_chl_opt|\/challenge-platform\/h\/[a-z]\/orchestrate/.test(page.scripts + page.sources) ||
      (/^(?:cf-challenge-running|challenge-running|cf-wrapper|cf-error-details|challenge-error-text)$/m.test(
        page.names,
      ) &&
        /attention required|just a moment|cloudflare/i.test(page.title + page.text)),
  ],
  [
    "datadome",
    (page) =>
      /captcha-delivery\.com\//.test(page.sources) ||
      /\bdd\s*=\s*\{[^}]{0,500}'?"?(?:cid|hsh)'?"?\s*:/.test(page.scripts),
  ],
  [
    "perimeterx",
    (page) =>
      /^px-captcha/m.test(page.names) ||
      /captcha\.px-cdn\.net|\/captcha\/captcha\.js\?[^\n]{0,500}a=c/.test(page.sources),
  ],
  [
    "incapsula",
    (page) =>
      /incapsula incident id/i.test(page.text) ||
      /_Incapsula_Resource\?[^\n]{0,500}(?:CWUDNSAI|incident_id)/.test(page.sources) ||
      (page.text === "" && page.sources.includes("/_Incapsula_Resource?")),
  ],
  ["imperva", (page) => /^pardon our interruption/i.test(page.title || page.text)],
  [
    "akamai",
    (page) => /^access denied/i.test(page.title) && /reference\s*#\s*[\da-f]+\.[\da-f.]+/i.test(page.text),
  ],
  ["akamai", (page) => /^(?:sec-if-cpt-container|sec-bc-text-container)$/m.test(page.names)],
  [
    "aws-waf",
    (page) =>
      /\bgokuProps\b/.test(page.scripts) ||
      (/^challenge-container$/m.test(page.names) && /awswaf\.com\//.test(page.sources)),
  ],
  ["kasada", (page) => /\bKPSDK\s*[.=]/.test(page.scripts) && page.text === ""],
  [
    "sucuri",
    (page) =>
      /sucuri website firewall/i.test(page.title + page.text) &&
      /access denied/i.test(page.title + page.text),
  ],
  [
    "f5",
    (page) =>
      /requested url was rejected\. please consult with your administrator/i.test(page.text) &&
      /support id/i.test(page.text),
  ],
  [
    "ddos-guard",
    (page) => /^ddos-guard$/i.test(page.title) || /checking your browser before accessing/i.test(page.text),
  ],
  ["google", (page) => /unusual traffic from your computer network/i.test(page.text)],
];

const captchaElement = /^(?:g-recaptcha|h-captcha|cf-turnstile|frc-captcha|captcha-form|captchacharacters)$/m;
const consentPlatform =
  /^(?:onetrust-\S+|didomi-\S+|qc-cmp2?-\S+|sp_message\S*|usercentrics-\S+|cybotcookiebot\S*|consent-form|cookie-?wall|cookie-?consent|consent-wall|cmp-?container|fc-consent-root|truste\S*)$/im;

/** Marks of bot walls and consent walls: always something that only they show, never that a page is short. */
export function findWalls(
  found: Survey,
  body: HtmlNode,
): { readonly wallMarks: string[]; readonly consentMarks: string[] } {
  if (body.textLength > maxWallText) return { wallMarks: [], consentMarks: [] };
  const page = describe(found, body);
  const wallMarks = new Set(walls.filter(([, shows]) => shows(page)).map(([vendor]) => vendor));
  if (found.forms.some((form) => gatesByCaptcha(form, body))) wallMarks.add("captcha");
  return { wallMarks: [...wallMarks], consentMarks: wallMarks.size > 0 ? [] : consentMarks(found, body) };
}

function describe(found: Survey, body: HtmlNode): WallPage {
  const sources: string[] = [];
  const scripts: string[] = [];
  for (const script of found.scripts) {
    const source = script.attribute("src");
    if (source !== undefined) sources.push(source.slice(0, maxSource));
    else if (script.first !== undefined) scripts.push(script.first.text.slice(0, scriptSample));
  }
  for (const frame of found.frames) sources.push((frame.attribute("src") ?? "").slice(0, maxSource));
  const names: string[] = [];
  collectNames(body, names);
  return {
    title: found.title?.first?.text.trim() ?? "",
    text: visibleText(body, maxWallText).trim(),
    sources: sources.join("\n"),
    scripts: scripts.join("\n"),
    names: names.join("\n"),
  };
}

function collectNames(node: HtmlNode, names: string[]): void {
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined) continue;
    const id = child.attribute("id");
    if (id !== undefined) names.push(id);
    for (const name of child.attribute("class")?.split(/\s+/) ?? []) names.push(name);
    collectNames(child, names);
  }
}

/** A form that asks for nothing but to be let in. A login or contact form with a captcha in it has fields of its own. */
function gatesByCaptcha(form: HtmlNode, body: HtmlNode): boolean {
  if (body.textLength - form.textLength > maxGatedText) return false;
  const names: string[] = [];
  collectNames(form, names);
  const asks = captchaElement.test(names.join("\n")) || /captcha/i.test(form.attribute("action") ?? "");
  return asks && countFields(form) === 0;
}

/** Fields a person fills in, the captcha's own answer aside. */
function countFields(node: HtmlNode): number {
  let count = 0;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined) continue;
    const label = `${child.attribute("name") ?? ""} ${child.attribute("id") ?? ""}`;
    if (child.name === "textarea" || child.name === "select") count += /captcha/i.test(label) ? 0 : 1;
    else if (
      child.name === "input" &&
      !/^(?:hidden|submit|button|image)$/i.test(child.attribute("type") ?? "")
    ) {
      count += /captcha/i.test(label) ? 0 : 1;
    } else count += countFields(child);
  }
  return count;
}

function consentMarks(found: Survey, body: HtmlNode): string[] {
  const marks = new Set<string>();
  for (const form of found.forms) {
    const action = form.attribute("action") ?? "";
    if (
      /^https:\/\/consent\.[\w.]+\/|\/(?:collectConsent|cookie-?wall|set-?consent|save-?consent)\b/i.test(
        action,
      ) &&
      body.textLength < maxWallText
    )
      marks.add("consent-form");
  }
  const own = body.textLength - consentText(body, marks);
  return own <= maxGatedText ? [...marks] : [...marks].filter((mark) => mark === "consent-form");
}

/** Length of the text inside consent dialogs; their ids are added to `marks`. */
function consentText(node: HtmlNode, marks: Set<string>): number {
  let length = 0;
  for (let child = node.first; child !== undefined; child = child.next) {
    if (child.tag === undefined || child.isHidden) continue;
    const names = `${child.attribute("id") ?? ""}\n${(child.attribute("class") ?? "").replace(/\s+/g, "\n")}`;
    const mark = consentPlatform.exec(names)?.[0];
    if (mark !== undefined && child.textLength > 40) {
      marks.add(mark.toLowerCase());
      length += child.textLength;
    } else length += consentText(child, marks);
  }
  return length;
}
