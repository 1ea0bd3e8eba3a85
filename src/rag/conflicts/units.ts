/** What one of a unit is in its dimension's base unit; two numbers where the word means either. */
interface Unit {
  readonly dimension: string;
  readonly low: number;
  readonly high: number;
  /** Added after scaling: temperatures. */
  readonly offset: number;
}

const day = 86_400;
/** Gregorian mean. */
const year = 365.2425 * day;

/** Dimension: "names: size". Sizes are in seconds, metres, square metres, cubic metres, metres a second, kilograms, bits, degrees Celsius. */
const table: Readonly<Record<string, readonly (readonly [names: string, size: number, high?: number])[]>> = {
  time: [
    ["ns nanosecond nanoseconds", 1e-9],
    ["µs μs us usec microsecond microseconds", 1e-6],
    ["ms msec millisecond milliseconds", 1e-3],
    ["s sec secs second seconds", 1],
    ["min mins minute minutes", 60],
    ["h hr hrs hour hours", 3_600],
    ["day days", day],
    ["week weeks", 7 * day],
    ["month months", year / 12],
    ["year years yr yrs", year],
    ["decade decades", 10 * year],
    ["century centuries", 100 * year],
  ],
  length: [
    ["nm nanometer nanometers nanometre nanometres", 1e-9],
    ["µm μm micrometer micrometers micrometre micrometres micron microns", 1e-6],
    ["mm millimeter millimeters millimetre millimetres", 1e-3],
    ["cm centimeter centimeters centimetre centimetres", 1e-2],
    ["m meter meters metre metres", 1],
    ["km kilometer kilometers kilometre kilometres", 1_000],
    ["inch inches", 0.0254],
    ["ft foot feet", 0.3048],
    ["yd yard yards", 0.9144],
    ["mi mile miles", 1_609.344],
    ["pixel pixels px", 1e9], // no length; comparable with itself alone
  ],
  area: [
    ["m² m2", 1],
    ["km² km2", 1e6],
    ["hectare hectares ha", 1e4],
    ["acre acres", 4_046.856],
  ],
  mass: [
    ["mg milligram milligrams", 1e-6],
    ["g gram grams", 1e-3],
    ["kg kilogram kilograms kilo kilos", 1],
    ["t ton tons tonne tonnes", 907.185, 1_016.047], // short, metric or long
    ["lb lbs pound pounds", 0.453_592],
    ["oz ounce ounces", 0.028_35],
  ],
  // Small prefixes mean 1000 or 1024 alike, so both.
  bytes: [
    ["bit bits", 1],
    ["kbit Kbit kilobit kilobits", 1_000, 1_024],
    ["Mbit megabit megabits", 1e6, 2 ** 20],
    ["Gbit gigabit gigabits", 1e9, 2 ** 30],
    ["B byte bytes octet octets", 8],
    ["kB KB K kilobyte kilobytes", 8_000, 8 * 1_024],
    ["KiB kibibyte kibibytes", 8 * 1_024],
    ["MB megabyte megabytes", 8e6, 8 * 2 ** 20],
    ["MiB mebibyte mebibytes", 8 * 2 ** 20],
    ["GB gigabyte gigabytes", 8e9, 8 * 2 ** 30],
    ["GiB gibibyte gibibytes", 8 * 2 ** 30],
    ["TB terabyte terabytes", 8e12, 8 * 2 ** 40],
    ["TiB tebibyte tebibytes", 8 * 2 ** 40],
    ["PB petabyte petabytes", 8e15, 8 * 2 ** 50],
  ],
  volume: [
    ["ml millilitre millilitres milliliter milliliters", 1e-6],
    ["l litre litres liter liters", 1e-3],
    ["gallon gallons", 3.785e-3, 4.546e-3], // US or imperial
    ["m³ m3", 1],
  ],
  "length/time": [
    ["knot knots", 1_852 / 3_600],
    ["mph", 1_609.344 / 3_600],
    ["kph kmh", 1_000 / 3_600],
  ],
  percent: [["% percent pct", 1]],
  frequency: [
    ["Hz hertz", 1],
    ["kHz kilohertz", 1e3],
    ["MHz megahertz", 1e6],
    ["GHz gigahertz", 1e9],
  ],
  power: [
    ["W watt watts", 1],
    ["kW kilowatt kilowatts", 1e3],
    ["MW megawatt megawatts", 1e6],
    ["GW gigawatt gigawatts", 1e9],
  ],
  voltage: [["V volt volts", 1]],
  angle: [["° deg degree degrees", 1]],
};

const currencies: Readonly<Record<string, string>> = {
  $: "USD",
  usd: "USD",
  dollar: "USD",
  dollars: "USD",
  "€": "EUR",
  eur: "EUR",
  euro: "EUR",
  euros: "EUR",
  "£": "GBP",
  gbp: "GBP",
  "¥": "JPY",
  jpy: "JPY",
  yen: "JPY",
  chf: "CHF",
  inr: "INR",
  "₹": "INR",
};

const units = new Map<string, Unit>();
for (const [dimension, rows] of Object.entries(table)) {
  for (const [names, low, high = low] of rows) {
    for (const name of names.split(" ")) units.set(name, { dimension, low, high, offset: 0 });
  }
}
for (const name of [
  "°C",
  "Celsius",
  "centigrade",
  "degreescentigrade",
  "degreecentigrade",
  "degreesC",
  "degreeC",
  "degreesCelsius",
  "degreeCelsius",
  "°Celsius",
])
  units.set(name, { dimension: "temperature", low: 1, high: 1, offset: 0 });
for (const name of [
  "°F",
  "Fahrenheit",
  "degreesF",
  "degreeF",
  "degreesFahrenheit",
  "degreeFahrenheit",
  "°Fahrenheit",
])
  units.set(name, { dimension: "temperature", low: 1 / 1.8, high: 1 / 1.8, offset: -32 / 1.8 });
for (const [name, code] of Object.entries(currencies))
  units.set(name, { dimension: code, low: 1, high: 1, offset: 0 });

/** The unit a word names: symbols as they are written ("MB", "m"), names in any case. */
export function unitOf(word: string): Unit | undefined {
  const written = word.replace(/\s/gu, "");
  const power = /^(?:(square|sq\.?)|(cubic))\s(\p{L}+)$/u.exec(word);
  if (power) return powered(power[3] ?? "", power[1] === undefined ? 3 : 2);
  return units.get(written) ?? (written.length > 2 ? units.get(written.toLowerCase()) : undefined);
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
