import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseSync } from "vite";

// Turns the types of Qdrant's own client into test/qdrant/openapi-requests.json: a JSON Schema for each request that the
// stand-in server serves. Run again after each update of @qdrant/js-client-rest; a test compares the two versions.

const projectFolder = join(import.meta.dirname, "..");
const clientFolder = join(projectFolder, "node_modules/@qdrant/js-client-rest");
const target = join(projectFolder, "test/qdrant/openapi-requests.json");

/** Operations by their names in the description of the API; all others count as unknown routes. */
const served = new Set([
  "root",
  "healthz",
  "livez",
  "readyz",
  "get_collections",
  "get_collection",
  "create_collection",
  "delete_collection",
  "update_collection",
  "update_aliases",
  "create_field_index",
  "delete_field_index",
  "collection_exists",
  "get_collection_aliases",
  "get_collections_aliases",
  "get_point",
  "upsert_points",
  "get_points",
  "delete_points",
  "update_vectors",
  "delete_vectors",
  "overwrite_payload",
  "set_payload",
  "delete_payload",
  "clear_payload",
  "batch_update",
  "scroll_points",
  "count_points",
  "facet",
  "query_points",
  "query_batch_points",
  "query_points_groups",
]);

type Schema = Readonly<Record<string, unknown>>;

/** What is used of the parser's ESTree nodes. */
interface Node {
  readonly type: string;
  readonly declaration?: Node;
  readonly id?: { readonly name: string };
  readonly key?: { readonly name?: string; readonly value?: string };
  readonly body?: Node & { readonly body: readonly Node[] };
  readonly optional?: boolean;
  readonly typeAnnotation?: Node;
  readonly types?: readonly Node[];
  readonly elementType?: Node;
  readonly elementTypes?: readonly Node[];
  readonly objectType?: Node;
  readonly indexType?: Node;
  readonly literal?: { readonly value: string | number | boolean };
  readonly typeName?: { readonly name: string };
  readonly typeArguments?: { readonly params: readonly Node[] };
  readonly members?: readonly Node[];
}

const typesFile = join(clientFolder, "dist/types/openapi/generated_schema.d.ts");
const { program } = parseSync(typesFile, await readFile(typesFile, "utf8"), { lang: "dts" });
const declarations = new Map<string, Node>();
for (const statement of program.body as unknown as readonly Node[]) {
  const declared = statement.declaration;
  if (declared?.type === "TSInterfaceDeclaration") declarations.set(declared.id?.name ?? "", declared);
}
const components = property(declared("components"), "schemas");
const definitions: Record<string, Schema> = {};
const requests: Record<string, Schema> = {};
for (const path of membersOf(declared("paths"))) {
  for (const method of membersOf(typeOf(path))) {
    const operation = String(typeOf(method).indexType?.literal?.value);
    if (!served.delete(operation)) continue;
    const described = property(declared("operations"), operation);
    const query = find(find(described, "parameters"), "query");
    const content = find(find(described, "requestBody"), "content");
    requests[`${nameOf(method).toUpperCase()} ${nameOf(path)}`] = {
      operation,
      query: query ? schemaOf(query) : { type: "object", additionalProperties: false },
      ...(content && { body: schemaOf(property(content, "application/json")) }),
    };
  }
}
if (served.size > 0) throw new Error(`The client no longer knows ${[...served].join(", ")}.`);

const { version } = JSON.parse(await readFile(join(clientFolder, "package.json"), "utf8")) as {
  version: string;
};
const source = "Made by scripts/qdrant-schema.ts from the types of @qdrant/js-client-rest (Apache-2.0).";
await writeFile(
  target,
  `${JSON.stringify({ source, clientVersion: version, requests, definitions }, null, 1)}\n`,
);

/** The forms that openapi-typescript writes, and no others. */
function schemaOf(node: Node): Schema {
  switch (node.type) {
    case "TSParenthesizedType":
      return schemaOf(typeOf(node));
    case "TSStringKeyword":
      return { type: "string" };
    case "TSNumberKeyword":
      return { type: "number" };
    case "TSBooleanKeyword":
      return { type: "boolean" };
    case "TSNullKeyword":
      return { type: "null" };
    case "TSUnknownKeyword":
      return {};
    case "TSLiteralType":
      return { const: node.literal?.value };
    case "TSArrayType":
      return { type: "array", items: schemaOf(node.elementType as Node) };
    case "TSTypeLiteral":
      return objectSchema(node);
    case "TSUnionType":
      return unionSchema(node);
    case "TSIndexedAccessType":
      return reference(String(node.indexType?.literal?.value));
    case "TSTypeReference":
      return genericSchema(node);
    default:
      throw new Error(`${node.type} is new here; teach it to schemaOf.`);
  }
}

function unionSchema(node: Node): Schema {
  // The generator writes "or null" as `| (Record<string, unknown> | null)`, which would let every object pass.
  const parts = (node.types ?? []).flatMap((part) =>
    isAnyObjectOrNull(part) ? [{ type: "TSNullKeyword" }] : [part],
  );
  const kept = parts.filter(({ type }) => type !== "TSUndefinedKeyword");
  if (kept.length > 1 && kept.every(({ type }) => type === "TSLiteralType")) {
    return { enum: kept.map(({ literal }) => literal?.value) };
  }
  return kept.length === 1 ? schemaOf(kept[0] as Node) : { anyOf: kept.map(schemaOf) };
}

function isAnyObjectOrNull(node: Node): boolean {
  if (node.type !== "TSParenthesizedType") return false;
  const parts = typeOf(node).types?.map((part) => part.typeName?.name ?? part.type);
  return parts?.join() === "Record,TSNullKeyword";
}

function objectSchema(node: Node): Schema {
  const members = membersOf(node);
  const named = members.filter(({ type }) => type === "TSPropertySignature");
  const index = members.find(({ type }) => type === "TSIndexSignature");
  return {
    type: "object",
    properties: Object.fromEntries(named.map((member) => [nameOf(member), schemaOf(typeOf(member))])),
    required: named.filter(({ optional }) => !optional).map(nameOf),
    additionalProperties: index ? schemaOf(typeOf(index)) : false,
  };
}

function genericSchema(node: Node): Schema {
  const parameters = node.typeArguments?.params ?? [];
  if (node.typeName?.name === "Record") {
    return { type: "object", additionalProperties: schemaOf(parameters[1] as Node) };
  }
  if (node.typeName?.name === "OneOf") {
    return { oneOf: (parameters[0]?.elementTypes ?? []).map(schemaOf) };
  }
  throw new Error(`${node.typeName?.name} is new here; teach it to genericSchema.`);
}

function reference(name: string): Schema {
  if (!(name in definitions)) {
    definitions[name] = {};
    definitions[name] = schemaOf(property(components, name));
  }
  return { $ref: `#/definitions/${name}` };
}

function declared(name: string): Node {
  const node = declarations.get(name);
  if (!node) throw new Error(`The client's types have no ${name}.`);
  return node;
}

function membersOf(node: Node): readonly Node[] {
  return node.members ?? node.body?.body ?? [];
}

function nameOf(member: Node): string {
  return member.key?.name ?? String(member.key?.value);
}

/** The type after a member's colon, or inside a parenthesis. */
function typeOf(node: Node): Node {
  const type = node.typeAnnotation as Node;
  return type.type === "TSTypeAnnotation" ? typeOf(type) : type;
}

function find(node: Node | undefined, name: string): Node | undefined {
  const member = node && membersOf(node).find((one) => one.key && nameOf(one) === name);
  return member && typeOf(member);
}

function property(node: Node, name: string): Node {
  const found = find(node, name);
  if (!found) throw new Error(`The client's types have no ${name} where it was.`);
  return found;
}
