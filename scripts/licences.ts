import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

// Writes THIRD-PARTY-LICENCES.md from package-lock.json and node_modules; with --check it compares and writes nothing.
// Packages built for one platform are named with their licence alone, so that the file is the same on every machine.

const projectFolder = join(import.meta.dirname, "..");
const target = join(projectFolder, "THIRD-PARTY-LICENCES.md");

const LockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.union([z.string(), z.array(z.string()).transform((all) => all.join(" OR "))]).optional(),
      dev: z.boolean().optional(),
      os: z.array(z.string()).optional(),
      cpu: z.array(z.string()).optional(),
    }),
  ),
});

const OldManifest = z.object({ licenses: z.array(z.object({ type: z.string() })).optional() });

interface ShippedPackage {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** Copyright lines of its licence file. */
  readonly notices: readonly string[];
  /** The licence file without them, or "" where there is none. */
  readonly text: string;
}

const wanted = render(await readShippedPackages());
if (!process.argv.includes("--check")) {
  await writeFile(target, wanted);
  console.log(`licences: wrote ${target}`);
} else if ((await readFile(target, "utf8").catch(() => "")) === wanted) {
  console.log("licences: THIRD-PARTY-LICENCES.md is up to date.");
} else {
  console.error("licences: THIRD-PARTY-LICENCES.md is out of date. Run `npm run licences` and commit it.");
  process.exitCode = 1;
}

async function readShippedPackages(): Promise<ShippedPackage[]> {
  const lock = LockFile.parse(JSON.parse(await readFile(join(projectFolder, "package-lock.json"), "utf8")));
  const shipped = Object.entries(lock.packages).filter(([path, entry]) => path !== "" && entry.dev !== true);
  const packages = await Promise.all(
    shipped.map(async ([path, entry]) => {
      const isForOnePlatform = entry.os !== undefined || entry.cpu !== undefined;
      const file = isForOnePlatform ? "" : await readLicenceFile(join(projectFolder, path));
      return {
        name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
        version: entry.version ?? "",
        licence: entry.license ?? (isForOnePlatform ? "not stated" : await readStatedLicence(path)),
        ...splitNotices(file),
      };
    }),
  );
  const byName = new Map(packages.map((one) => [`${one.name} ${one.version}`, one]));
  return [...byName.values()].toSorted((left, right) => compare(keyOf(left), keyOf(right)));
}

async function readLicenceFile(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) =>
    /^(licen[cs]e|copying|unlicense)([.-]|$)/i.test(name),
  );
  const [first] = names.toSorted(compare);
  return first === undefined ? "" : readFile(join(folder, first), "utf8");
}

/** What old packages say in fields that the lock file leaves out. */
async function readStatedLicence(path: string): Promise<string> {
  const manifest = OldManifest.parse(
    JSON.parse(await readFile(join(projectFolder, path, "package.json"), "utf8")),
  );
  const stated = manifest.licenses ?? [];
  return stated.length > 0 ? stated.map(({ type }) => type).join(" OR ") : "not stated";
}

/** Copyright lines differ from package to package where the text below them does not. */
function splitNotices(file: string): Pick<ShippedPackage, "notices" | "text"> {
  const lines = file.replaceAll("\r", "").split("\n");
  const notices = lines.filter(isNotice).map((line) => line.trim().replace(/\s+/g, " "));
  const text = lines.filter((line) => !isNotice(line)).join("\n");
  return { notices: [...new Set(notices)], text: text.replace(/\n{3,}/g, "\n\n").trim() };
}

function render(packages: readonly ShippedPackage[]): string {
  const withText = packages.filter(({ text }) => text !== "");
  const byText = Map.groupBy(withText, ({ text }) => text.toLowerCase().replace(/[^a-z0-9]+/g, " "));
  const groups = [...byText.values()].toSorted(
    (left, right) => right.length - left.length || compare(namesOf(left), namesOf(right)),
  );
  const numbers = new Map(groups.flatMap((group, index) => group.map((one) => [one, index + 1])));
  const rows = packages.map((one) => {
    const number = numbers.get(one);
    const notices = one.notices
      .map((line) => line.replaceAll("|", "\\|").replaceAll("<", "&lt;"))
      .join("<br>");
    const text = number === undefined ? "" : `[${number}](#text-${number})`;
    return `| ${one.name} | ${one.version} | ${one.licence} | ${text} | ${notices} |`;
  });
  const texts = groups.map((group, index) => {
    const fence = "~~~~";
    return `### Text ${index + 1}\n\n${fence}text\n${group[0]?.text ?? ""}\n${fence}\n`;
  });
  return `# Licences of the packages Forager depends on

Written by \`npm run licences\` from package-lock.json. The embedding model's licence lies beside it in \`models/\`.
Copyright lines stand with their package; the texts below them, which many packages share, follow once each.

| package | version | licence | text | copyright |
| --- | --- | --- | --- | --- |
${rows.join("\n")}

## Texts

${texts.join("\n")}`;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function isNotice(line: string): boolean {
  return /^\W*(portions )?copyright (\(c\)|©|\d{4})/i.test(line);
}

function keyOf({ name, version }: ShippedPackage): string {
  return `${name} ${version}`;
}

function namesOf(group: readonly ShippedPackage[]): string {
  return group.map(keyOf).join();
}
