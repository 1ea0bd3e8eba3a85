import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";

// Holds requests to the types of Qdrant's own client. openapi-requests.json is made by scripts/qdrant-schema.ts.

interface Description {
  readonly clientVersion: string;
  readonly requests: Readonly<
    Record<string, { readonly operation: string; readonly query: object; readonly body?: object }>
  >;
  readonly definitions: object;
}

const text = readFileSync(new URL("./openapi-requests.json", import.meta.url), "utf8");
const description = JSON.parse(text) as Description;
/** The client whose types the requests are held to. */
export const { clientVersion } = description;

/** A body that fits none of many forms has as many problems. */
const mostProblems = 6;
const strictAjv = ajvWith(description.definitions);
const coercingAjv = ajvWith(description.definitions, { coerceTypes: true });
/** A real server ignores members it does not know. */
let lenientAjv: Ajv | undefined;
const compiled = new Map<string, ValidateFunction>();

interface Route {
  readonly key: string;
  readonly operation: string;
  readonly pattern: RegExp;
}
// Fixed words come before placeholders: `/collections/aliases` is no collection's name.
const routes: readonly Route[] = Object.entries(description.requests)
  .map(([key, { operation }]) => ({ key, operation, pattern: patternOf(key) }))
  .sort((one, other) => one.key.split("{").length - other.key.split("{").length);

/** Which operation of the API a request means. */
export interface FoundRoute {
  readonly operation: string;
  /** Values of the path's placeholders. */
  readonly path: Readonly<Record<string, string>>;
  readonly key: string;
}

/** Finds the operation; undefined where the API, or this stand-in, has none. */
export function findRoute(method: string, path: string): FoundRoute | undefined {
  for (const { key, operation, pattern } of routes) {
    const match = pattern.exec(`${method} ${path}`);
    if (!match) continue;
    const parts = Object.entries(match.groups ?? {}).map(([name, value]) => [
      name,
      decodeURIComponent(value),
    ]);
    return { key, operation, path: Object.fromEntries(parts) as Record<string, string> };
  }
  return undefined;
}

/** A request's query parameters with their types; or what is wrong with them. */
export function checkQueryParameters(
  { key }: FoundRoute,
  parameters: URLSearchParams,
): { readonly values: Readonly<Record<string, unknown>>; readonly problem: string | undefined } {
  const values = Object.fromEntries(parameters);
  const validate = compile(coercingAjv, `query ${key}`, description.requests[key]?.query ?? {});
  return { problem: validate(values) ? undefined : problemsOf(validate), values };
}

/** What a body has that the client's types do not allow. */
export function checkBody({ key }: FoundRoute, body: unknown): string | undefined {
  const schema = description.requests[key]?.body;
  if (!schema) return body === undefined ? undefined : "this request has no body";
  const validate = compile(strictAjv, `body ${key}`, schema);
  return validate(body) ? undefined : problemsOf(validate);
}

/** Whether a real server could read a body, members that it does not know left aside. */
export function isReadable({ key }: FoundRoute, body: unknown): boolean {
  const schema = description.requests[key]?.body;
  if (!schema) return true;
  lenientAjv ??= ajvWith(lenient(description.definitions));
  return compile(lenientAjv, `lenient ${key}`, schema)(body);
}

function patternOf(key: string): RegExp {
  return new RegExp(`^${key.replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)")}$`);
}

/** The schema is ours and each validator runs a few times: neither checking it nor making it fast is worth a test's time. */
function ajvWith(definitions: object, options: { readonly coerceTypes?: boolean } = {}): Ajv {
  const ajv = new Ajv({ strict: false, validateSchema: false, code: { optimize: false }, ...options });
  return ajv.addSchema({ $id: "client", definitions });
}

function compile(ajv: Ajv, name: string, schema: object): ValidateFunction {
  const validate = compiled.get(name) ?? ajv.compile(qualified(schema));
  compiled.set(name, validate);
  return validate;
}

function qualified(schema: object): object {
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"client#/')) as object;
}

function lenient(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (_name, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const { additionalProperties, ...rest } = value as Record<string, unknown>;
    return additionalProperties === false ? rest : value;
  }) as object;
}

function problemsOf({ errors }: ValidateFunction): string {
  const problems = (errors ?? []).map(({ instancePath, message, params }) => {
    const extra = (params as { additionalProperty?: string }).additionalProperty;
    return `${instancePath || "/"} ${message}${extra === undefined ? "" : ` (${extra})`}`;
  });
  // Where one form of several is to fit, each says what it misses; a member too many is most often the reason.
  const told = [...new Set(problems)].sort(
    (one, other) => Number(other.endsWith(")")) - Number(one.endsWith(")")),
  );
  return told.slice(0, mostProblems).join("; ");
}
