/** What the reader knows of an element's name, looked up once while parsing. */
export interface TagInfo {
  readonly name: string;
  readonly isVoid: boolean;
  /** Starts and ends a line of its own. */
  readonly isBlock: boolean;
  /** Its content is never shown as text. */
  readonly isSilent: boolean;
  /** An element of HTML, as opposed to SVG or an unknown name. */
  readonly isHtml: boolean;
  /** 1 to 6 on headings, else 0. */
  readonly headingLevel: number;
  /** Open elements that this one's start tag ends, looked for up to the nearest `barrier`. */
  readonly ends: ReadonlySet<string>;
  readonly barrier: ReadonlySet<string> | "block";
}

const words = (list: string): ReadonlySet<string> => new Set(list.split(" "));

const voids = words(
  "area base basefont br col command embed frame hr img input keygen link meta param source track wbr",
);
const blocks = words(
  "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form " +
    "frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li listing main menu nav ol optgroup option p plaintext pre " +
    "search section summary table tbody td tfoot th thead title tr ul xmp",
);
const silents = words(
  "script style noscript template svg head title canvas iframe object audio video select datalist textarea option noembed " +
    "noframes rp annotation annotation-xml applet frameset progress meter",
);
const inlines = words(
  "a abbr acronym b bdi bdo big button cite code data del dfn em font i input ins kbd label mark math meter nobr output picture " +
    "progress q ruby rt rp s samp slot small span strike strong sub sup time tt u var",
);

const none = words("");
const paragraph = words("p");
const tableBarrier = words("table");
const impliedEnds: Readonly<Record<string, readonly [ReadonlySet<string>, ReadonlySet<string> | "block"]>> = {
  li: [words("li"), words("ul ol menu dir table td th")],
  dd: [words("dd dt"), words("dl table td th")],
  dt: [words("dd dt"), words("dl table td th")],
  tr: [words("tr"), tableBarrier],
  td: [words("td th"), words("tr table")],
  th: [words("td th"), words("tr table")],
  tbody: [words("tbody thead tfoot caption colgroup"), tableBarrier],
  thead: [words("tbody thead tfoot caption colgroup"), tableBarrier],
  tfoot: [words("tbody thead tfoot caption colgroup"), tableBarrier],
  option: [words("option"), words("select datalist")],
  optgroup: [words("option optgroup"), words("select")],
  rt: [words("rt rp"), words("ruby")],
  rp: [words("rt rp"), words("ruby")],
  a: [words("a"), "block"],
  body: [words("head"), "block"],
};

/** Where an end tag stops looking for its start: those of table parts at the table, all others at the cell (HTML standard, "has an element in scope"). */
export const scopes = {
  tableParts: words("tr td th tbody thead tfoot caption col colgroup"),
  tableBarrier,
  cellBarrier: words("td th caption table template object"),
};

const infos = new Map<string, TagInfo>();
for (const name of new Set([...voids, ...blocks, ...silents, ...inlines]))
  infos.set(name, describe(name, true));

function describe(name: string, isHtml: boolean): TagInfo {
  const isBlock = blocks.has(name);
  const [ends, barrier] =
    impliedEnds[name] ?? (isBlock && isHtml ? [paragraph, "block" as const] : [none, none]);
  return {
    name,
    isVoid: voids.has(name),
    isBlock,
    isSilent: silents.has(name),
    isHtml,
    headingLevel: /^h[1-6]$/.test(name) ? Number(name[1]) : 0,
    ends,
    barrier,
  };
}

/** What is known of a tag; `name` may be in any case. Unknown names are inline, as in browsers. */
export function tagInfo(name: string): TagInfo {
  const known = infos.get(name);
  if (known !== undefined) return known;
  const lower = name.toLowerCase();
  return infos.get(lower) ?? describe(lower, false);
}
