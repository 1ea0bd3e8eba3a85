import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Browser, ConnectOverCDPTransport } from "playwright";
import { MissingError, TimeoutError, messageOf } from "../errors.ts";
import { endsWithin } from "../deadline.ts";
import { killBrowser, recordBrowser } from "./browser-home.ts";
import { isHeadlessShell } from "./chromium.ts";

/** A Chromium we started and Playwright drives. */
export interface BrowserProcess {
  readonly browser: Browser;
  readonly pid: number;
  /** The browser's own, without the word that says it has no window. */
  readonly userAgent: string;
  /** Rejects when the process ends. */
  readonly ended: Promise<never>;
  /** Ends the whole process group now. The browser then counts as disconnected. */
  kill(): void;
}

export interface LaunchRequest {
  readonly executable: string;
  /** An empty folder for the profile and everything else the browser writes. */
  readonly profile: string;
  /** `http://127.0.0.1:PORT`: all traffic goes there, loopback too. */
  readonly proxyServer: string;
  readonly isHeadless: boolean;
  /** BCP 47; sent as Accept-Language. */
  readonly language: string;
  readonly maxScriptHeapMb: number;
  readonly timeoutMs: number;
}

/**
 * Starts a Chromium and connects Playwright to it. We start the process ourselves, since Playwright tells neither its
 * id nor lets us choose where its temp files go; both are needed to leave nothing behind.
 * @throws {MissingError} When it ends at once; the message carries the end of what it printed.
 * @throws {TimeoutError} When it does not come up in time.
 */
export async function launchBrowser(request: LaunchRequest): Promise<BrowserProcess> {
  const { chromium } = await import("playwright");
  const child = spawn(request.executable, browserArguments(request), {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    env: browserEnvironment(request.profile),
  });
  const printed = collectErrors(child);
  const failed = once(child, "error").then(([cause]) => Promise.reject(cause));
  failed.catch(() => undefined); // Told by the race below, which may end before.
  const { pid } = child;
  try {
    if (pid !== undefined) recordBrowser(request.profile, pid);
    const transport = pipeTransport(child);
    const connected = chromium.connectOverCDP(transport, {
      artifactsDir: request.profile,
      timeout: request.timeoutMs,
      noDefaults: true,
    });
    const browser = await Promise.race([connected, failed, printed.ended]);
    if (pid === undefined) throw new Error("no process id");
    const session = await browser.newBrowserCDPSession();
    const version = await Promise.race([session.send("Browser.getVersion"), printed.ended]);
    const userAgent = version.userAgent.replace("HeadlessChrome", "Chrome");
    return { browser, pid, userAgent, ended: printed.ended, kill: () => killBrowser(pid) };
  } catch (cause) {
    // A browser that does not come up in time is killed by Playwright; any other end is its own.
    const hasEnded = pid === undefined || (await endsWithin(printed.exit, exitNewsMs));
    if (pid !== undefined) killBrowser(pid);
    if (!hasEnded || child.signalCode === "SIGKILL") {
      throw new TimeoutError(`Starting ${request.executable}`, request.timeoutMs);
    }
    throw new MissingError(
      `${request.executable} does not run here: ${printed.text().trim() || messageOf(cause)}`,
      "Install what it lacks, or set FORAGER_CHROMIUM to another browser.",
      cause,
    );
  }
}

/** Closed pipes tell of a browser's end a moment before the system does. */
const exitNewsMs = 200;

/** @see https://peter.sh/experiments/chromium-command-line-switches/ and Playwright's chromiumSwitches.ts */
function browserArguments(request: LaunchRequest): string[] {
  const isRoot = process.getuid?.() === 0;
  return [
    `--user-data-dir=${request.profile}`,
    "--remote-debugging-pipe",
    "--no-startup-window",
    ...(request.isHeadless && !isHeadlessShell(request.executable) ? ["--headless"] : []),
    // Chromium's sandbox cannot be set up by root.
    ...(isRoot ? ["--no-sandbox"] : []),
    // Everything through the egress proxy, loopback too; what does not speak to proxies is off or cannot resolve.
    `--proxy-server=${request.proxyServer}`,
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    // No calls of its own.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-sync",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--no-pings",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--metrics-recording-only",
    "--disable-field-trial-config",
    "--disable-search-engine-choice-screen",
    "--password-store=basic",
    "--use-mock-keychain",
    `--disable-features=${disabledFeatures.join(",")}`,
    // Pages open no windows and get no devices.
    "--block-new-web-contents",
    "--deny-permission-prompts",
    "--mute-audio",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-back-forward-cache",
    // Tabs in the background work as fast as the one in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-hang-monitor",
    "--disable-prompt-on-repost",
    "--disable-blink-features=AutomationControlled",
    `--js-flags=--max-old-space-size=${request.maxScriptHeapMb}`,
    "--disk-cache-size=1",
    `--lang=${request.language}`,
    `--accept-lang=${request.language}`,
    "--window-size=1280,900",
    "--hide-scrollbars",
  ];
}

const disabledFeatures = [
  // Chromium 155 and later abort redirects under interception; see microsoft/playwright#43242.
  "AvoidCorsURLLoaderRestartOnRedirect",
  // An http URL is fetched as such.
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "MediaRouter",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "PreconnectToSearch",
  "Translate",
];

/** Only what a browser needs to run: no keys or tokens of the user's shell reach it. */
function browserEnvironment(profile: string): Record<string, string> {
  const kept =
    /^(PATH|LANG|LANGUAGE|LC_\w+|TZ|DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|LD_LIBRARY_PATH|FONTCONFIG_\w+|SystemRoot|windir|SystemDrive|ProgramFiles.*|LOCALAPPDATA|USERPROFILE)$/i;
  const env = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && kept.test(entry[0]),
  );
  return { ...Object.fromEntries(env), HOME: profile, TMPDIR: profile, TEMP: profile, TMP: profile };
}

/** The last of what the browser printed, and a promise that rejects when it ends. */
function collectErrors(child: ChildProcess) {
  let text = "";
  child.stderr?.on("data", (chunk: Buffer) => (text = (text + chunk.toString()).slice(-2_000)));
  const exit = once(child, "exit");
  const ended = exit.then<never>(([code]) => Promise.reject(new Error(`It ended with ${code}.`)));
  ended.catch(() => undefined); // After a good start its end shows as a disconnect instead.
  return { text: () => text, exit, ended };
}

/** Playwright's messages over the browser's two pipes, a zero byte after each. Nothing listens on a port. */
function pipeTransport(child: ChildProcess): ConnectOverCDPTransport {
  const toBrowser = child.stdio[3] as Writable;
  const fromBrowser = child.stdio[4] as Readable;
  let pending: Buffer[] = [];
  const transport: ConnectOverCDPTransport = {
    send: (message) => void toBrowser.write(`${JSON.stringify(message)}\0`),
    close: () => {
      if (child.pid !== undefined) killBrowser(child.pid);
    },
  };
  const deliver = (message: Buffer) => {
    if (isNoise(message)) return;
    // One message a turn of the event loop, as Playwright's own pipe does, so that promises settle in between.
    setImmediate(() => transport.onmessage?.(JSON.parse(message.toString()) as object));
  };
  fromBrowser.on("data", (chunk: Buffer) => {
    let start = 0;
    for (let end = chunk.indexOf(0); end !== -1; end = chunk.indexOf(0, start)) {
      pending.push(chunk.subarray(start, end));
      deliver(pending.length === 1 ? (pending[0] ?? chunk) : Buffer.concat(pending));
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  });
  fromBrowser.on("close", () => transport.onclose?.());
  // Broken pipes follow a dying browser, whose end "close" tells.
  for (const pipe of [toBrowser, fromBrowser]) pipe.on("error", () => undefined);
  return transport;
}

/** Events (beginnings of their names) a page can send by the million (`console.log` in a loop) and nobody here reads: dropped before parsing. */
function isNoise(message: Buffer): boolean {
  const start = message.toString("latin1", 0, 48);
  return noise.some((method) => start.startsWith(`{"method":"${method}`));
}

const noise = [
  "Runtime.consoleAPICalled",
  "Runtime.exceptionThrown",
  "Log.entryAdded",
  "Network.dataReceived",
  "Network.webSocketFrame",
];
