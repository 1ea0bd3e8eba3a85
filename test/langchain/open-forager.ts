import { createForager } from "../../src/index.ts";
import type { AppDeps } from "../../src/app.ts";
import { HashingEmbedder } from "../../src/testing.ts";
import { temporaryFolder } from "../cli/run-forager.ts";

/** A Forager on a folder of its own, both gone afterwards. */
export async function openForager(deps: Partial<AppDeps> = {}) {
  const folder = await temporaryFolder();
  const forager = createForager({ dataDir: folder.path }, { embedder: new HashingEmbedder(), ...deps });
  return {
    forager,
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await forager.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Three pages about the sea. */
export const seaPages = [
  { url: "https://sea.example/tides", title: "Tides", text: "The tide turns at noon. High water is at six." },
  { url: "https://sea.example/boats", title: "Boats", text: "A dory is a small flat boat for fishing." },
  { url: "https://land.example/geese", title: "Geese", text: "Geese fly south when the tide of cold comes." },
];
