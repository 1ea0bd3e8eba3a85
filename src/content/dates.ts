const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

/** A date as pages write it, in ISO 8601 (a date, or a date-time as given); "" where it is none. Never guesses between day and month. */
export function isoDate(text: string | undefined): string {
  const value = text?.trim() ?? "";
  if (value === "" || value.length > 80) return "";
  const iso =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?/i.exec(
      value,
    );
  if (iso !== null) return join(iso[1], iso[2], iso[3], iso[4], iso[5]);
  const compact = /^(\d{4})[/.]?(\d{2})[/.]?(\d{2})(?!\d)/.exec(value);
  if (compact !== null) return join(compact[1], compact[2], compact[3]);
  const dayFirst =
    /(?:^|\s)(\d{1,2})(?:st|nd|rd|th)?[\s.-]+([a-z]{3})[a-z]*\.?,?[\s-]+(\d{4})(?:\s+(\d{2}:\d{2}(?::\d{2})?))?/i.exec(
      value,
    );
  if (dayFirst !== null) return join(dayFirst[3], monthOf(dayFirst[2]), dayFirst[1]);
  const monthFirst = /(?:^|[\s|:•·])([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})/i.exec(value);
  if (monthFirst !== null) return join(monthFirst[3], monthOf(monthFirst[1]), monthFirst[2]);
  // `Tue Mar 04 2025 10:00:00 GMT+0000` and the like are found above; a lone epoch is the last form seen.
  if (/^\d{13}$/.test(value)) return new Date(Number(value)).toISOString();
  return "";
}

function monthOf(name: string | undefined): string {
  return String(months.indexOf(name?.toLowerCase() ?? "") + 1);
}

function join(year = "", month = "", day = "", time = "", zone = ""): string {
  const date = `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
  const parsed = new Date(`${date}T00:00:00Z`);
  if (Number.isNaN(parsed.getTime()) || parsed.toISOString().slice(0, 10) !== date || Number(year) < 1900)
    return "";
  if (time === "") return date;
  const offset = /^(?:z|utc|gmt)$/i.test(zone)
    ? "Z"
    : zone.length === 5
      ? `${zone.slice(0, 3)}:${zone.slice(3)}`
      : zone;
  return `${date}T${time}${offset}`;
}
