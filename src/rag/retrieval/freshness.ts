import type { ChunkId } from "../chunk-store.ts";
import { instantOf } from "../filter.ts";
import type { FusedHit } from "../fusion.ts";
import type { Passages } from "./select-hits.ts";

/** What a passage's date did to its score. */
export interface Freshness {
  /** As the page says it. */
  readonly publishedAt: string;
  /** What was added to the joined score; less than 0 for an older page. */
  readonly change: number;
}

/** Hits in their order, and what was done to the scores of those that have a date. */
export interface InTime {
  readonly hits: readonly FusedHit[];
  readonly changes: ReadonlyMap<ChunkId, Freshness>;
}

/** How the age of a page counts for one question. */
export interface Recency {
  /** The moment asked for, in epoch milliseconds: pages from then on are all as good. */
  readonly moment: number;
  /** The most that age is worth in a score, so what is further ahead than this stays ahead. */
  readonly weight: number;
}

/** Times the results wanted: others further down are too far off, whatever their date. */
const windowFactor = 4;
/** Per year of age; a page two years older is worth half. @see Onyx, 2024, which decays all questions' scores by it. */
const decayPerYear = 0.5;
const yearMs = 365.25 * 86_400_000;

/** "The current directory" is no news: what programs call current. */
const programsCurrent =
  "(?:working |default |active )?(?:directory|folder|path|user|account|file|line|time|date|day|session|thread|process|connection|transaction|cursor|position|selection|row|column|cell|page|window|view|tab|buffer|branch|shell|object|element|node|context|scope|value|layer|image|tool|database|schema|document|record|block|frame|host|machine|item|locale|setting)s?\\b";

/** What asks for the present state, in the languages that search knows words of. */
const present = new RegExp(
  [
    String.raw`\b(?:latest|newest|nowadays|currently|upcoming|most recent(?:ly)?|recent(?:ly)?|right now|these days|at (?:present|the moment)|yesterday|tonight)\b`,
    String.raw`\b(?:now|today)\b(?!\s*\(|['’]s date)`,
    String.raw`\b(?:this|last|next) (?:year|month|week|quarter|season|spring|summer|autumn|fall|winter)\b`,
    String.raw`\b(?:last|next) (?:version|release|edition|update)\b`,
    String.raw`\bwhat(?:'s| is) new\b`,
    String.raw`^(?:is|are|does|do|can|may|has|have)\b.*\bstill\b`,
    String.raw`\bcurrent\b(?!_|\s+${programsCurrent})`,
    String.raw`\b(?:derzeit|zurzeit|momentan|heute|heutzutage|gegenwärtig|jüngst|neueste|aktuell)(?:e[nmrs]?|[nmrs])?\b|\bdieses Jahr`,
    String.raw`\b(?:actuel(?:le)?(?:ment|s)?|aujourd['’]hui|maintenant|plus récent|dernière (?:version|édition)|cette année)`,
    String.raw`\b(?:actualmente|hoy|última versión|más reciente|este año)`,
    "最新|現在|今日|今年|今月|最近|現行|现在|目前|当前|今天|如今|最近",
  ].join("|"),
  "iu",
);

/** A year that stands alone and is not what something came before. */
const yearNamed =
  /(?<!\b(?:before|until|till|by|port|rfc|line|page|error|(?:prior|up) to)\s+)(?<![a-z\d.,:/_-])(?:19|20)\d\d(?![a-z\d_]|[.,:]\d)/giu;

/**
 * The moment a question is about: now for the present state, a year's beginning where one is named, as a page from before
 * it cannot tell; undefined for all other questions.
 */
export function momentAskedFor(question: string, nowMs: number): number | undefined {
  if (present.test(question.trim())) return nowMs;
  const years = [...question.matchAll(yearNamed)].map(([year]) => Date.UTC(Number(year), 0, 1));
  const past = years.filter((instant) => instant <= nowMs);
  return past.length > 0 ? Math.max(...past) : undefined;
}

/** The order for this question: newer pages first among near ties where it is about a moment, else as it is. */
export async function orderByTime(
  question: string,
  ranked: readonly FusedHit[],
  passages: Passages,
  options: { readonly limit: number; readonly weight: number; readonly nowMs: number },
): Promise<InTime> {
  const moment = options.weight > 0 ? momentAskedFor(question, options.nowMs) : undefined;
  if (moment === undefined) return { hits: ranked, changes: new Map() };
  const ids = ranked.slice(0, options.limit * windowFactor).map(({ id }) => id);
  await passages.readAhead(ids);
  const dates = await Promise.all(
    ids.map(async (id) => [id, (await passages.read(id))?.publishedAt ?? ""] as const),
  );
  return preferNewer(ranked, new Map(dates), { moment, weight: options.weight });
}

/**
 * Puts newer pages before those nearly as relevant. Age counts from the moment asked for, or from the newest page where all
 * are older; a page gains by how much newer it is than the mean of those that say when they were published, and one that
 * does not say so keeps its score.
 * @param publishedAt By passage, for those that are weighed: all of `ranked` up to some place; the others stay behind them.
 */
export function preferNewer(
  ranked: readonly FusedHit[],
  publishedAt: ReadonlyMap<ChunkId, string>,
  { moment, weight }: Recency,
): InTime {
  const dates = [...publishedAt].flatMap(([id, date]) => {
    const instant = instantOf(date);
    return instant === undefined ? [] : [{ id, date, instant: Math.min(instant, moment) }];
  });
  const newest = Math.max(...dates.map(({ instant }) => instant));
  const worths = dates.map(({ instant }) => 1 / (1 + (decayPerYear * (newest - instant)) / yearMs));
  const mean = worths.reduce((sum, worth) => sum + worth, 0) / worths.length;
  const changes = new Map(
    dates.map(({ id, date }, at) => [
      id,
      { publishedAt: date, change: weight * ((worths[at] ?? mean) - mean) },
    ]),
  );
  const weighed = ranked
    .filter(({ id }) => publishedAt.has(id))
    .map((hit) => ({ ...hit, score: hit.score + (changes.get(hit.id)?.change ?? 0) }));
  const lowest = Math.min(...weighed.map(({ score }) => score));
  const rest = ranked
    .filter(({ id }) => !publishedAt.has(id))
    .map((hit) => ({ ...hit, score: Math.min(hit.score, lowest) }));
  return { hits: [...weighed.toSorted((one, other) => other.score - one.score), ...rest], changes };
}
