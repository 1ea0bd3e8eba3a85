import { join } from "node:path";
import { serveFolder } from "./static-site.ts";
import type { Site, SiteOptions } from "./static-site.ts";

/** The demo site: 13 pages of HTML, and 5 below `/app/` that hold no text until their script has run. */
export function serveDemoSite(options: SiteOptions = {}): Promise<Site> {
  return serveFolder(join(import.meta.dirname, "..", "..", "demo", "site"), {
    ...options,
    fallbacks: { "/app/": "/app/index.html" },
  });
}
