import { join } from "node:path";
import { build } from "vite";

// Builds the JavaScript part of the demo site from test/sites/spa. Readable and without hashes in its names, because
// the result is committed and reviewed.

const projectFolder = join(import.meta.dirname, "..");

/** Where the demo site serves it from. */
export const builtSpaFolder = join(projectFolder, "demo", "site", "app");

/** Builds the application into a folder, whose other content is lost. */
export async function buildSpa(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: "error",
    root: join(projectFolder, "test", "sites", "spa"),
    base: "/app/",
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      target: "es2022",
      modulePreload: { polyfill: false },
      rolldownOptions: { output: { entryFileNames: "app.js" } },
    },
  });
}

if (import.meta.main) await buildSpa(builtSpaFolder);
