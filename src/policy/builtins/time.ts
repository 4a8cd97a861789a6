import { type Builtin, integerOf, smallIntegerOf, textOf, toRegoInteger, undefinedBecause } from './builtin.ts';
import { parseDuration } from './duration.ts';
import { formatTime } from './format-time.ts';
import { parseTime } from './parse-time.ts';
import { isRegoArray, type RegoValue } from './rego-value.ts';
import { weekdays } from './time-layout.ts';
import { instantOf, type WallTime, wallTime, type Zone, zoneOf } from './time-zone.ts';

interface Instant {
  readonly ns: bigint;
  readonly zone: Zone;
  readonly layout: string;
}

/** Nanoseconds, or an array of nanoseconds, zone and layout. */
function instantFrom(value: RegoValue | undefined): Instant {
  const [ns, zone = '', layout = ''] = value !== undefined && isRegoArray(value) ? value : [value];
  const exact = inRange(integerOf(ns));
  return { ns: exact, zone: zoneOf(textOf(zone)), layout: textOf(layout) };
}

function wallFrom(value: RegoValue | undefined): WallTime {
  const { ns, zone } = instantFrom(value);
  return wallTime(ns, zone);
}

/** Times outside of 1677 to 2262 do not fit 64 bits of nanoseconds. */
function inRange(ns: bigint): bigint {
  return BigInt.asIntN(64, ns) === ns ? ns : undefinedBecause('time out of range');
}

function result(ns: bigint): RegoValue {
  return toRegoInteger(inRange(ns));
}

const addDate: Builtin = (value, years, months, days) => {
  const { ns, zone } = instantFrom(value);
  const { date, nanosecond } = wallTime(ns, zone);
  const year = date.getUTCFullYear() + smallIntegerOf(years);
  const moved = new Date(date);
  moved.setUTCFullYear(year, date.getUTCMonth() + smallIntegerOf(months), date.getUTCDate() + smallIntegerOf(days));
  if (Number.isNaN(moved.getTime())) return undefinedBecause('time out of range');
  return result(BigInt(instantOf(moved.getTime() / 1000, zone)) * 1_000_000_000n + BigInt(nanosecond));
};

/** Years, months, days, hours, minutes and seconds between two instants, as the first one's zone counts them. */
const diff: Builtin = (first, second) => {
  const a = instantFrom(first);
  const { ns } = instantFrom(second);
  const [early, late] = (a.ns < ns ? [a.ns, ns] : [ns, a.ns]).map((one) => wallTime(one, a.zone).date);
  if (early === undefined || late === undefined) return undefined;
  const [from, to] = [fieldsOf(early), fieldsOf(late)];
  const parts = to.map((field, at) => field - (from[at] ?? 0));
  const daysInMonth = new Date(Date.UTC(early.getUTCFullYear(), early.getUTCMonth() + 1, 0)).getUTCDate();
  return borrow(parts, [Number.NaN, 12, daysInMonth, 24, 60, 60]);
};

function fieldsOf(date: Date): number[] {
  const day = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return [...day, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
}

/** Makes negative parts positive by taking one from the part before. */
function borrow(parts: readonly number[], sizes: readonly number[]): number[] {
  const whole = [...parts];
  for (let at = whole.length - 1; at > 0; at -= 1) {
    const part = whole[at] ?? 0;
    if (part >= 0) continue;
    whole[at] = part + (sizes[at] ?? 0);
    whole[at - 1] = (whole[at - 1] ?? 0) - 1;
  }
  return whole;
}

export const timeBuiltins = {
  'time.parse_rfc3339_ns': (text) => result(parseTime('RFC3339', textOf(text))),
  'time.parse_ns': (layout, text) => result(parseTime(textOf(layout), textOf(text))),
  'time.parse_duration_ns': (text) => result(parseDuration(textOf(text))),
  'time.format': (value) => {
    const { ns, zone, layout } = instantFrom(value);
    return formatTime(ns, zone, layout === '' ? 'RFC3339Nano' : layout);
  },
  'time.date': (value) =>
    fieldsOf(wallFrom(value).date)
      .slice(0, 3)
      .map((field, at) => (at === 1 ? field + 1 : field)),
  'time.clock': (value) => fieldsOf(wallFrom(value).date).slice(3),
  'time.weekday': (value) => weekdays[wallFrom(value).date.getUTCDay()],
  'time.add_date': addDate,
  'time.diff': diff,
} satisfies Record<string, Builtin>;
