import { checkName, Collection } from "./collection.ts";
import { badRequest, notFound, Refusal } from "./failure.ts";
import type { CreateCollection } from "./wire.ts";

/** One step of a change of aliases. */
export interface AliasAction {
  readonly create_alias?: { readonly alias_name: string; readonly collection_name: string };
  readonly delete_alias?: { readonly alias_name: string };
  readonly rename_alias?: { readonly old_alias_name: string; readonly new_alias_name: string };
}

/** The collections of a server and the aliases they are also found by. */
export class Catalogue {
  readonly #collections = new Map<string, Collection>();
  #aliases: ReadonlyMap<string, string> = new Map();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A collection by its name or an alias; undefined when there is none. */
  find(name: string): Collection | undefined {
    return this.#collections.get(this.#aliases.get(name) ?? name);
  }

  /** @throws {Refusal} 404 */
  get(name: string): Collection {
    const collection = this.find(name);
    if (!collection) throw notFound(`collection "${name}"`);
    return collection;
  }

  /** @throws {Refusal} 409 when the collection exists, 400 when an alias has its name. */
  create(name: string, settings: CreateCollection): void {
    checkName(name);
    if (this.#collections.has(name)) throw new Refusal(409, `Collection "${name}" is there already.`);
    if (this.#aliases.has(name)) throw badRequest(`"${name}" is an alias already.`);
    this.#collections.set(name, new Collection(settings, this.#now));
  }

  /** Also takes its aliases away. @returns Whether it was there. */
  drop(name: string): boolean {
    this.#aliases = new Map([...this.#aliases].filter(([, target]) => target !== name));
    return this.#collections.delete(name);
  }

  /** All steps or none. */
  changeAliases(actions: readonly AliasAction[]): void {
    const aliases = new Map(this.#aliases);
    for (const { create_alias, delete_alias, rename_alias } of actions) {
      if (delete_alias) this.#take(aliases, delete_alias.alias_name);
      if (create_alias) this.#point(aliases, create_alias.alias_name, create_alias.collection_name);
      if (rename_alias) {
        const target = this.#take(aliases, rename_alias.old_alias_name);
        this.#point(aliases, rename_alias.new_alias_name, target);
      }
    }
    this.#aliases = aliases;
  }

  names(): readonly string[] {
    return [...this.#collections.keys()].sort();
  }

  /** Aliases as answers show them; of one collection when it is named. */
  aliases(
    ofCollection?: string,
  ): readonly { readonly alias_name: string; readonly collection_name: string }[] {
    return [...this.#aliases]
      .filter(([, target]) => ofCollection === undefined || target === ofCollection)
      .map(([alias_name, collection_name]) => ({ alias_name, collection_name }));
  }

  #take(aliases: Map<string, string>, alias: string): string {
    const target = aliases.get(alias);
    if (target === undefined) throw notFound(`alias "${alias}"`);
    aliases.delete(alias);
    return target;
  }

  #point(aliases: Map<string, string>, alias: string, target: string): void {
    if (!this.#collections.has(target)) throw notFound(`collection "${target}"`);
    if (this.#collections.has(alias)) throw new Refusal(409, `"${alias}" is a collection's name already.`);
    aliases.set(alias, target);
  }
}
