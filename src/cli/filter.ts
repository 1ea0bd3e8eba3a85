import { OptionsError } from "../errors.ts";

/** `--filter host=example.org` to what the index is asked. */
export function parseFilter(filters: readonly string[]): { readonly host?: string } {
  let host: string | undefined;
  for (const filter of filters) {
    const [name, value] = filter.split("=", 2);
    if (name !== "host" || !value)
      throw new OptionsError("--filter", `"${filter}" is not known; give host=NAME`);
    host = value.toLowerCase();
  }
  return host === undefined ? {} : { host };
}
