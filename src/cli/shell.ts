import { createForager, type Forager, type ForagerOptions } from "../forager.ts";
import { ForagerError } from "../errors.ts";
import { leaveProcess } from "../leave-process.ts";
import { createLog, type LogLevel } from "../log.ts";

/** Ctrl-C. */
export class InterruptedError extends ForagerError {
  constructor() {
    super("interrupted", "Interrupted. What was stored stays: the same command again goes on from there.");
  }
}

/** What every command takes. */
export interface CommonFlags {
  readonly dataDir?: string;
  readonly config?: string;
  readonly json?: boolean;
  readonly logLevel?: LogLevel;
}

/** The terminal a command talks to: results on standard output, everything for people on standard error. */
export class Shell {
  readonly #interrupt = new AbortController();
  /** Aborts at the first Ctrl-C. */
  readonly signal: AbortSignal = this.#interrupt.signal;
  readonly isTerminal = process.stderr.isTTY && process.env["CI"] === undefined;

  /** Listens for Ctrl-C: the first winds up what is under way, the second ends the process at once. */
  start(): void {
    const stop = () => {
      if (this.signal.aborted) leaveProcess(130);
      this.say("\nStopping: what is under way is given back. Ctrl-C again to leave at once.");
      this.#interrupt.abort(new InterruptedError());
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
    // `forager export | head` closes our output: that is the reader's good right.
    process.stdout.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") this.say(`forager: The result cannot be written: ${error.message}`);
      process.exit(error.code === "EPIPE" ? 0 : 1);
    });
  }

  /** A line of the result. Resolves when the pipe can take more. */
  async print(text: string): Promise<void> {
    if (process.stdout.write(`${text}\n`)) return;
    await new Promise<void>((resolve) => process.stdout.once("drain", resolve));
  }

  /** One JSON object on a line of its own. */
  printJson(value: unknown): Promise<void> {
    return this.print(JSON.stringify(value));
  }

  /** A line for people. */
  say(text: string): void {
    process.stderr.write(`${text}\n`);
  }

  /** A Forager for this command's flags; the caller disposes of it. */
  open(flags: CommonFlags, options: ForagerOptions = {}): Forager {
    const log = createLog(flags.logLevel ?? "warn", (line) => this.say(line));
    return createForager({ ...options, dataDir: flags.dataDir, configFile: flags.config }, { log });
  }
}
