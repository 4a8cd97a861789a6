import { undefinedBecause } from './builtin.ts';

const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
/** OPA's own, which Go lacks: it turns them into hours, as floats. */
const HOURS: Readonly<Record<string, number>> = { d: 24, w: 7 * 24, y: 365 * 24 };
const SEGMENT = /([0-9.]+)(ms|us|µs|μs|ns|[a-z])/y;
const NUMBER = /^(\d*)\.?(\d*)$/;
const MAX_NS = 2n ** 63n;
const MAX_FRACTION_DIGITS = 18; // Go ignores what would not fit 63 bits

/** Nanoseconds of a duration such as `1h30m`, `1.5d` or `-2w`. */
export function parseDuration(text: string): bigint {
  const [, sign = '', body = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0n;
  if (body === '') return undefinedBecause('no duration');
  let total = 0n;
  for (SEGMENT.lastIndex = 0; SEGMENT.lastIndex < body.length;) {
    const [, digits = '', unit = ''] = SEGMENT.exec(body) ?? undefinedBecause('not a duration');
    total += segmentNs(digits, unit);
    if (total > MAX_NS) return undefinedBecause('duration too long');
  }
  if (total === MAX_NS && sign !== '-') return undefinedBecause('duration too long');
  return sign === '-' ? -total : total;
}

function segmentNs(digits: string, unit: string): bigint {
  const hours = Object.hasOwn(HOURS, unit) ? HOURS[unit] : undefined;
  if (hours !== undefined) return segmentNs(decimalText(numberOf(digits) * hours), 'h');
  const unitNs = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  const [, whole = '', fraction = ''] = NUMBER.exec(digits) ?? [];
  if (unitNs === undefined || whole + fraction === '') return undefinedBecause('not a duration');
  const kept = fraction.slice(0, MAX_FRACTION_DIGITS);
  // The fraction goes through floats, as in Go.
  const part = Math.trunc(Number(kept) * (unitNs / 10 ** kept.length));
  return BigInt(whole || '0') * BigInt(unitNs) + BigInt(part);
}

function numberOf(digits: string): number {
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefinedBecause('not a number');
}

/** The shortest text of a number, without an exponent. */
function decimalText(value: number): string {
  const [mantissa = '', exponent] = String(value).split('e');
  if (exponent === undefined) return mantissa;
  if (!exponent.startsWith('-')) return undefinedBecause('duration too long');
  return `0.${'0'.repeat(-Number(exponent) - 1)}${mantissa.replace('.', '')}`;
}
