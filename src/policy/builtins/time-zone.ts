import { undefinedBecause } from './builtin.ts';

const formats = new Map<string, Intl.DateTimeFormat>();
const NS_PER_SECOND = 1_000_000_000n;

export interface Zone {
  /** Empty for UTC. */
  readonly name: string;
  /** Seconds east of UTC at an instant given in unix seconds. */
  offsetAt(unixSeconds: number): number;
}

const utc: Zone = { name: '', offsetAt: () => 0 };

/** A zone of the time zone database by its name. `Local` would make decisions depend on the machine. */
export function zoneOf(name: string): Zone {
  if (name === '' || name === 'UTC') return utc;
  if (name === 'Local') throw new Error('the zone Local is not known to policies; name one');
  const format = formatOf(name);
  return { name, offsetAt: (unixSeconds) => offsetOf(format, unixSeconds) };
}

function formatOf(name: string): Intl.DateTimeFormat {
  const known = formats.get(name) ?? newFormat(name);
  formats.set(name, known);
  return known;
}

function newFormat(name: string): Intl.DateTimeFormat {
  // Intl takes names in any case and bare offsets; the time zone database does neither.
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(name)) return undefinedBecause('no such zone');
  try {
    const numeric = 'numeric' as const;
    const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
    return new Intl.DateTimeFormat('en-US', { timeZone: name, hourCycle: 'h23', ...fields });
  } catch {
    return undefinedBecause('no such zone');
  }
}

function offsetOf(format: Intl.DateTimeFormat, unixSeconds: number): number {
  const parts = new Map(format.formatToParts(unixSeconds * 1000).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall / 1000 - unixSeconds;
}

/** An instant as a wall clock in a zone shows it. */
export interface WallTime {
  /** The wall clock's reading, as if it were UTC. */
  readonly date: Date;
  readonly nanosecond: number;
  readonly offsetSeconds: number;
}

export function wallTime(ns: bigint, zone: Zone): WallTime {
  const nanosecond = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const unixSeconds = Number((ns - nanosecond) / NS_PER_SECOND);
  const offsetSeconds = zone.offsetAt(unixSeconds);
  return { date: new Date((unixSeconds + offsetSeconds) * 1000), nanosecond: Number(nanosecond), offsetSeconds };
}

/** The instant at which a wall clock reads `wallSeconds`; in a gap or an overlap it picks as Go does. */
export function instantOf(wallSeconds: number, zone: Zone): number {
  const guess = zone.offsetAt(wallSeconds);
  return wallSeconds - zone.offsetAt(wallSeconds - guess);
}
