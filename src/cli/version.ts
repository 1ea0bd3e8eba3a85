import { readFileSync } from "node:fs";

const root = new URL("../../", import.meta.url);

/** Which Forager this is; the commit where it runs from its own repository. */
export function identity(): { readonly version: string; readonly commit?: string } {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    readonly version: string;
  };
  const head = read(".git/HEAD");
  const reference = head && /^ref: (\S+)$/.exec(head)?.[1];
  const commit = reference ? (read(`.git/${reference}`) ?? packed(reference)) : head;
  return commit && /^[0-9a-f]{40,64}$/.test(commit) ? { version, commit } : { version };
}

function packed(reference: string): string | undefined {
  const line = read(".git/packed-refs")
    ?.split("\n")
    .find((each) => each.endsWith(` ${reference}`));
  return line?.split(" ")[0];
}

/** An installed package has no such files. */
function read(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, root), "utf8").trim();
  } catch {
    return undefined;
  }
}
