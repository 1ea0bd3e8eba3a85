import type { Schemas } from "@qdrant/js-client-rest";
import type { QdrantCaller } from "./caller.ts";
import { type CollectionConfig, differences } from "./differences.ts";
import { QdrantError } from "./qdrant-error.ts";

/** Qdrant's collections and aliases. */
export class QdrantCollections {
  readonly #caller: QdrantCaller;

  constructor(caller: QdrantCaller) {
    this.#caller = caller;
  }

  /** A collection by its name or alias; undefined when there is none. */
  async get(name: string, signal?: AbortSignal): Promise<Schemas["CollectionInfo"] | undefined> {
    try {
      return await this.#caller.read(
        `look at ${name}`,
        (api, init) => api.getCollection({ collection_name: name }, init),
        signal,
      );
    } catch (error) {
      if (error instanceof QdrantError && error.code === "qdrant-missing") return undefined;
      throw error;
    }
  }

  /** Names that begin with `prefix`, sorted. Aliases are not among them. */
  async names(prefix: string, signal?: AbortSignal): Promise<string[]> {
    const { collections } = await this.#caller.read(
      "list collections",
      (api, init) => api.getCollections({}, init),
      signal,
    );
    return collections
      .map(({ name }) => name)
      .filter((name) => name.startsWith(prefix))
      .sort();
  }

  /**
   * Makes a collection, unless it is there and agrees.
   * @throws {QdrantError} `qdrant-conflict`, naming each difference.
   */
  async create(name: string, config: CollectionConfig, signal?: AbortSignal): Promise<"created" | "existed"> {
    try {
      await this.#caller.write(
        `create ${name}`,
        (api, init, timeout) => api.createCollection({ collection_name: name, timeout, ...config }, init),
        signal,
      );
      return "created";
    } catch (error) {
      if (!(error instanceof QdrantError) || error.code !== "qdrant-conflict") throw error;
      const found = await this.get(name, signal);
      if (!found) throw error;
      const differs = differences(config, found);
      if (differs.length === 0) return "existed";
      throw new QdrantError(
        "qdrant-conflict",
        `${this.#caller.name}: the collection ${name} is there, made for something else: ${differs.join("; ")}. Choose another collection, or index anew.`,
        { cause: error },
      );
    }
  }

  /** Adds to what a collection says of itself; keys that are not named stay. */
  async updateMetadata(
    name: string,
    metadata: Readonly<Record<string, unknown>>,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#caller.write(
      `note what ${name} holds`,
      (api, init, timeout) =>
        api.updateCollection({ collection_name: name, timeout, metadata: { ...metadata } }, init),
      signal,
    );
  }

  /** An index over a payload field; before the first point, or searches under a filter lack its links. */
  async createPayloadIndex(
    name: string,
    field: string,
    schema: Schemas["PayloadFieldSchema"],
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#caller.update(
      `index ${field} of ${name}`,
      name,
      (api, init, timeout) =>
        api.createFieldIndex(
          { collection_name: name, wait: true, timeout, field_name: field, field_schema: schema },
          init,
        ),
      signal,
    );
  }

  /** Waits until all changes that Qdrant has taken are made. */
  async caughtUp(name: string, signal?: AbortSignal): Promise<void> {
    await this.#caller.caughtUp(name, signal);
  }

  /** @returns False when there was none. */
  async delete(name: string, signal?: AbortSignal): Promise<boolean> {
    return await this.#caller.write(
      `delete ${name}`,
      (api, init, timeout) => api.deleteCollection({ collection_name: name, timeout }, init),
      signal,
    );
  }

  /** Collections by alias. */
  async aliases(signal?: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const { aliases } = await this.#caller.read(
      "list aliases",
      (api, init) => api.getCollectionsAliases({}, init),
      signal,
    );
    return new Map(aliases.map(({ alias_name, collection_name }) => [alias_name, collection_name]));
  }

  /** From now on `alias` means the collection `name`: at once, for readers and writers alike. */
  async switchAlias(alias: string, name: string, signal?: AbortSignal): Promise<void> {
    const isTaken = (await this.aliases(signal)).has(alias);
    const actions: Schemas["AliasOperations"][] = [
      ...(isTaken ? [{ delete_alias: { alias_name: alias } }] : []),
      { create_alias: { collection_name: name, alias_name: alias } },
    ];
    await this.#caller.write(
      `point ${alias} to ${name}`,
      (api, init, timeout) => api.updateAliases({ timeout, actions }, init),
      signal,
    );
  }
}
