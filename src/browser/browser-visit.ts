import type { Response } from "playwright";
import type { Clock } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { unlessAborted } from "../deadline.ts";
import { isProxyStatus, loadFailure, PageFailure, refusalOf } from "./browser-failure.ts";
import type { Tab } from "./browser-pool.ts";
import { PageReader } from "./browser-reader.ts";
import { waitUntilSettled, type SettleLimits } from "./browser-settle.ts";
import type { PageWatch } from "./browser-watch.ts";
import type { EgressPass } from "./egress-proxy.ts";

/** What a visit brings home. */
export interface Visited {
  readonly finalUrl: string;
  readonly httpStatus: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** False where the body is as the server sent it: text, JSON, XML. */
  readonly isRendered: boolean;
}

export interface VisitLimits extends SettleLimits {
  readonly maxBodyLength: number;
}

/** A tab, who follows it, and what it may take from the network. */
export interface VisitDeps {
  readonly tab: Tab;
  readonly watch: PageWatch;
  readonly pass: EgressPass;
  readonly clock: Clock;
}

/**
 * Loads a page, lets its scripts run until it has settled, and reads it.
 * @param signal Ends every wait; aborted with a {@link PageFailure} by the watch, or by the deadline.
 * @throws {PageFailure} When there is no page to be had.
 */
export async function visit(
  deps: VisitDeps,
  url: string,
  limits: VisitLimits,
  signal: AbortSignal,
): Promise<Visited> {
  const { tab, watch, clock } = deps;
  const file = await open(deps, url, signal);
  if (file !== undefined) return file;
  const reader = await PageReader.open(tab.page, signal);
  await waitUntilSettled({ watch, reader, clock }, limits, signal);
  const response = goodResponse(deps, url);
  const snapshot = await reader.snapshot(limits.maxBodyLength);
  if (snapshot.html === "") {
    const detail = `${url} has ${snapshot.length} characters of HTML; ${limits.maxBodyLength} are allowed.`;
    throw new PageFailure("too large", detail, false);
  }
  const body = new TextEncoder().encode(snapshot.html);
  return { ...headOf(response), finalUrl: tab.page.url(), body, isRendered: true };
}

/** Goes to the page. @returns What came, where that is no page to render. */
async function open(deps: VisitDeps, url: string, signal: AbortSignal): Promise<Visited | undefined> {
  const { tab, watch } = deps;
  try {
    await unlessAborted(tab.page.goto(url, { waitUntil: "commit", timeout: 0 }), signal);
  } catch (error) {
    signal.throwIfAborted();
    const { response } = watch;
    if (response?.status() === 204 || response?.status() === 205) return asFile(response, new Uint8Array());
    if (watch.hasDownload || /Download is starting/.test(messageOf(error))) {
      const type = response === undefined ? "a file" : response.headers()["content-type"];
      throw new PageFailure("unsupported type", `${url} is a download (${type ?? "no type"}).`, false);
    }
    const netError = /net::\w+/.exec(messageOf(error))?.[0] ?? messageOf(error);
    throw loadFailure(response?.url() ?? url, { netError, proxyStatus: 0 }, deps.pass);
  }
  const response = goodResponse(deps, url);
  const type = response.headers()["content-type"] ?? "text/html";
  if (/^\s*(text\/html|application\/xhtml\+xml)\b/i.test(type)) return undefined;
  return asFile(response, await unlessAborted(response.body(), signal));
}

/** The answer behind the document shown. @throws {PageFailure} When that came from our proxy, or not whole. */
function goodResponse({ tab, watch, pass }: VisitDeps, url: string): Response {
  const { response } = watch;
  const status = response?.status() ?? 0;
  const shown = response?.url() ?? url;
  const netError = watch.navigationError ?? "no answer";
  const isRefused = refusalOf(watch.navigationUrl ?? shown, pass) !== undefined;
  if (response !== undefined && !isRefused && !isProxyStatus(status) && !isBroken(tab, watch))
    return response;
  const proxyStatus = isProxyStatus(status) ? status : 0;
  throw loadFailure(watch.navigationUrl ?? shown, { netError, proxyStatus }, pass);
}

function isBroken(tab: Tab, watch: PageWatch): boolean {
  // A navigation that was called off (ERR_ABORTED) leaves the document before it in place.
  const isCutOff = watch.navigationError !== undefined && watch.navigationError !== "net::ERR_ABORTED";
  return isCutOff || tab.page.url().startsWith("chrome-error:");
}

function asFile(response: Response, body: Uint8Array): Visited {
  return { ...headOf(response), finalUrl: response.url(), body, isRendered: false };
}

function headOf(response: Response) {
  return { httpStatus: response.status(), headers: response.headers() };
}
