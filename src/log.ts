/** How much a log line matters. */
export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

/** A constant sentence, with the data beside it. */
export interface Log {
  debug(message: string, data?: Readonly<Record<string, unknown>>): void;
  info(message: string, data?: Readonly<Record<string, unknown>>): void;
  warn(message: string, data?: Readonly<Record<string, unknown>>): void;
  error(message: string, data?: Readonly<Record<string, unknown>>): void;
}

const order: readonly LogLevel[] = ["debug", "info", "warn", "error", "silent"];

/** A log that writes one line a call, `level message key=value ...`, to `write`. */
export function createLog(level: LogLevel, write: (line: string) => void): Log {
  const at = (own: LogLevel) => (message: string, data?: Readonly<Record<string, unknown>>) => {
    if (order.indexOf(own) < order.indexOf(level)) return;
    const fields = Object.entries(data ?? {}).map(([key, value]) => ` ${key}=${show(value)}`);
    write(`${own} ${message}${fields.join("")}`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** A log that drops everything. */
export const silentLog: Log = createLog("silent", () => {});

function show(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  return typeof value === "string" && /^[\w./:@-]+$/.test(value)
    ? value
    : (JSON.stringify(value) ?? "undefined");
}
