import { Argument, Option } from "commander";
import { z } from "zod";
import { OptionsError } from "../errors.ts";

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
}

/** The flags of a command from its schema: `maxPages` becomes `--max-pages <n>`, a default of true `--no-...`. */
export function flagsOf(schema: z.ZodObject): Option[] {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
  return Object.entries(properties).map(([name, property]) => flagOf(name, property));
}

/** The flags that were given, as the schema takes them; what was not given stays open, for file and environment to say. Every bad one is named. */
export function parseFlags<Schema extends z.ZodObject>(
  schema: Schema,
  flags: Readonly<Record<string, unknown>>,
): Partial<z.output<Schema>> {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" }) as JsonSchema;
  const known = Object.fromEntries(
    Object.entries(flags).filter(([name, value]) => name in properties && value !== undefined),
  );
  const parsed = schema.safeParse(known);
  if (parsed.success)
    return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => name in known)) as Partial<
      z.output<Schema>
    >;
  const issues = parsed.error.issues.map(
    ({ path: [name = ""], message }) =>
      `${flagNamed(String(name))}: ${Number.isNaN(known[String(name)]) ? "not a number" : message}`,
  );
  throw new OptionsError("Wrong flag", issues.join("; "));
}

/** The `URL...` every fetching command takes. */
export const urlsArgument = new Argument("<url...>", "Addresses to start from; without a scheme, https");

function flagOf(name: string, property: JsonSchema): Option {
  const flag = kebab(name);
  const help = property.description ?? "";
  switch (property.type) {
    case "boolean":
      return property.default === true
        ? new Option(`--no-${flag.replace(/^use-/, "")}`, `Switch off: ${help}`)
        : new Option(`--${flag}`, help);
    case "integer":
    case "number":
      return withDefault(new Option(`--${flag} <n>`, help).argParser(Number), property);
    case "array":
      return new Option(`--${flag} <glob>`, `${help} (may be repeated)`).argParser(
        (value: string, before: string[] | undefined) => [...(before ?? []), value],
      );
    default: {
      const option = withDefault(
        new Option(`--${flag} <${property.enum ? "name" : "value"}>`, help),
        property,
      );
      return property.enum ? option.choices(property.enum.map(String)) : option;
    }
  }
}

/** Shown only: the schema itself fills defaults in, after environment and file had their say. */
function withDefault(option: Option, property: JsonSchema): Option {
  if (property.default !== undefined) option.description += ` (default: ${JSON.stringify(property.default)})`;
  return option;
}

function flagNamed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${kebab(name)}`;
}

/** `maxPages` to `max-pages`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
