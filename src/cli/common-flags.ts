import { type Command, Option } from "commander";

/** Adds the flags every command takes. */
export function addCommonFlags(command: Command): Command {
  return command
    .addOption(new Option("--data-dir <folder>", 'Where everything is kept (default: ".forager")'))
    .addOption(
      new Option("--json", "Print machine-readable results on standard output, one JSON object a line"),
    )
    .addOption(
      new Option(
        "--config <file>",
        "A JSON file with options (default: forager.config.json where there is one)",
      ),
    )
    .addOption(
      new Option("--log-level <level>", "How much to log on standard error").choices([
        "debug",
        "info",
        "warn",
        "error",
        "silent",
      ]),
    );
}
