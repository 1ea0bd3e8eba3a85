/** What one of a unit is in its dimension's base unit; two numbers where the word means either. */
interface Unit {
  readonly dimension: string;
  readonly low: number;
  readonly high: number;
  /** Added after scaling: temperatures. */
  readonly offset: number;
}

/**
 * A line a dimension: "names size", in seconds, metres, square metres, cubic metres, metres a second, kilograms, bits, degrees
 * Celsius. Plurals are known from their singulars. A year is the Gregorian mean; a ton short, metric or long, a gallon of two
 * kinds; small prefixes of bits and bytes mean 1000 or 1024 alike.
 */
const table: Readonly<Record<string, string>> = {
  time: "ns nanosecond 1e-9|µs μs us usec microsecond 1e-6|ms msec millisecond 1e-3|s sec second 1|min minute 60|h hr hour 3600|day 86400|week 604800|month 2629746|year yr 31556952|decade 315569520|century centurie 3155695200",
  length:
    "nm nanometre nanometer 1e-9|µm μm micron micrometre micrometer 1e-6|mm millimetre millimeter 1e-3|cm centimetre centimeter 1e-2|m metre meter 1|km kilometre kilometer 1000|inch inche 0.0254|ft foot feet 0.3048|yd yard 0.9144|mi mile 1609.344",
  pixels: "pixel px 1",
  area: "m² m2 1|km² km2 1e6|hectare ha 1e4|acre 4046.856",
  volume: "ml millilitre milliliter 1e-6|l litre liter 1e-3|gallon 3.785e-3 4.546e-3|m³ m3 1",
  mass: "mg milligram 1e-6|g gram 1e-3|kg kilogram kilo 1|t ton tonne 907.185 1016.047|lb pound 0.453592|oz ounce 0.02835",
  bytes:
    "bit 1|kbit Kbit kilobit 1000 1024|Mbit megabit 1e6 1048576|Gbit gigabit 1e9 1073741824|B byte octet 8|kB KB K kilobyte 8000 8192|KiB kibibyte 8192|MB megabyte 8e6 8388608|MiB mebibyte 8388608|GB gigabyte 8e9 8589934592|GiB gibibyte 8589934592|TB terabyte 8e12 8796093022208|TiB tebibyte 8796093022208",
  "length/time": "knot 0.514444|mph 0.44704|kph kmh 0.277778",
  percent: "% percent pct 1",
  frequency: "Hz hertz 1|kHz kilohertz 1e3|MHz megahertz 1e6|GHz gigahertz 1e9",
  power: "W watt 1|kW kilowatt 1e3|MW megawatt 1e6|GW gigawatt 1e9",
  voltage: "V volt 1",
  angle: "° deg degree 1",
  temperature:
    "°C °Celsius Celsius centigrade degreeC degreesC degreeCelsius degreesCelsius degreescentigrade 1",
  USD: "$ usd dollar 1",
  EUR: "€ eur euro 1",
  GBP: "£ gbp 1",
  JPY: "¥ jpy yen 1",
  CHF: "chf 1",
  INR: "₹ inr 1",
};

const units = new Map<string, Unit>();
for (const [dimension, rows] of Object.entries(table)) {
  for (const row of rows.split("|")) {
    const words = row.split(" ");
    const sizes = words.filter((word) => /^\d/u.test(word)).map(Number);
    const [low = 1, high = low] = sizes;
    for (const name of words.slice(0, -sizes.length)) units.set(name, { dimension, low, high, offset: 0 });
  }
}
for (const name of ["°F", "°Fahrenheit", "Fahrenheit", "degreeF", "degreesF", "degreesFahrenheit"])
  units.set(name, { dimension: "temperature", low: 1 / 1.8, high: 1 / 1.8, offset: -32 / 1.8 });

/** The unit a word names: symbols as they are written ("MB", "m"), names in any case and number. */
export function unitOf(word: string): Unit | undefined {
  const [, power, root] = /^(square|sq\.?|cubic)\s(\p{L}+)$/u.exec(word) ?? [];
  if (power && root) return powered(root, power === "cubic" ? 3 : 2);
  const written = word.replace(/\s/gu, "");
  const lower = written.length > 2 ? written.toLowerCase() : written;
  return (
    units.get(written) ??
    units.get(lower) ??
    (written.length > 2 && lower.endsWith("s") ? units.get(lower.slice(0, -1)) : undefined)
  );
}

/** "Square kilometres" by way of kilometres. */
function powered(name: string, exponent: 2 | 3): Unit | undefined {
  const unit = unitOf(name);
  if (unit?.dimension !== "length") return undefined;
  const dimension = exponent === 2 ? "area" : "volume";
  return { dimension, low: unit.low ** exponent, high: unit.high ** exponent, offset: 0 };
}

/** Whether a dimension is money. */
export function isMoney(dimension: string): boolean {
  return /^[A-Z]{3}\b/.test(dimension);
}
