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
  d: 24 * 3600e9,
  w: 7 * 24 * 3600e9,
  y: 365 * 24 * 3600e9,
};
const SEGMENT = /(\d*)(?:\.(\d*))?(ms|us|µs|μs|ns|[a-z])/y;
const MAX_NS = 2n ** 63n;

/** Nanoseconds of a duration such as `1h30m`, `1.5d` or `-2w`. */
export function parseDuration(text: string): bigint {
  const [, sign = '', body = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0n;
  if (body === '') return undefinedBecause('no duration');
  let total = 0n;
  for (SEGMENT.lastIndex = 0; SEGMENT.lastIndex < body.length;) {
    const [, whole = '', fraction = '', unit = ''] = SEGMENT.exec(body) ?? undefinedBecause('not a duration');
    total += segment(
      whole,
      fraction,
      Object.hasOwn(UNITS, unit) ? (UNITS[unit] ?? 0) : undefinedBecause('no such unit'),
    );
    if (whole + fraction === '' || total > MAX_NS) return undefinedBecause('not a duration');
  }
  if (total === MAX_NS && sign !== '-') return undefinedBecause('duration too long');
  return sign === '-' ? -total : total;
}

/** The fraction is cut to whole nanoseconds, in exact arithmetic. */
function segment(whole: string, fraction: string, unitNs: number): bigint {
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(`${whole}${fraction}` || '0') * BigInt(unitNs)) / scale;
}
