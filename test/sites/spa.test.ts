import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { buildSpa, builtSpaFolder } from "../../scripts/build-spa.ts";

it("the demo site's application is what its source builds (else run `npm run build:spa`)", async () => {
  const folder = await mkdtemp(join(tmpdir(), "forager-spa-"));
  try {
    await buildSpa(folder);
    assert.deepEqual(await filesOf(builtSpaFolder), await filesOf(folder));
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  const files = names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(files));
}
