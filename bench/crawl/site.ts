import { serveGeneratedSite } from "../../test/sites/generated-site.ts";
import { serveFolder } from "../../test/sites/static-site.ts";

const [folder, pages] = process.argv.slice(2);
const site = folder ? await serveFolder(folder) : await serveGeneratedSite({ pages: Number(pages), seed: 1 });
console.log(site.origin);
