import { type Builtin, textOf, toRegoInteger, undefinedBecause } from './builtin.ts';
import { type Fraction, roundHalfEven } from './fraction.ts';

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?/;
const PREFIXES = ['k', 'm', 'g', 't', 'p', 'e'];
const DECIMALS = 10;

function splitAmount(text: string): { amount: Fraction; unit: string } {
  const plain = text.replaceAll('"', '');
  if (plain.includes(' ')) return undefinedBecause('spaces are not allowed');
  const [number, sign, whole = '', fraction = '', exponent = '0'] = NUMBER.exec(plain) ?? [''];
  if (number === undefined || whole + fraction === '') return undefinedBecause('no amount');
  const digits = BigInt(whole + fraction) * (sign === '-' ? -1n : 1n);
  const shift = BigInt(exponent) - BigInt(fraction.length);
  const power = 10n ** (shift < 0n ? -shift : shift);
  const amount = shift < 0n ? { top: digits, bottom: power } : { top: digits * power, bottom: 1n };
  return { amount, unit: plain.slice(number.length) };
}

/** `k` is 1,000 and `ki` 1,024, and so on; `undefined` for another word. */
function scaleOf(unit: string): bigint | undefined {
  if (unit === '') return 1n;
  const power = BigInt(PREFIXES.indexOf(unit[0] ?? '') + 1);
  if (power === 0n) return undefined;
  if (unit.length === 1) return 1000n ** power;
  return unit.slice(1) === 'i' ? 1024n ** power : undefined;
}

const parseBytes: Builtin = (text) => {
  const { amount, unit } = splitAmount(textOf(text).toLowerCase());
  const scale = scaleOf(unit.replace(/b$/, '')) ?? undefinedBecause('no such unit');
  if (unit === 'b') return undefinedBecause('no such unit');
  const value = roundMantissa(amount);
  const product = roundMantissa({ top: value.top * scale, bottom: value.bottom });
  return toRegoInteger(product.top / product.bottom);
};

const MANTISSA = 2n ** 64n;

/** OPA counts bytes in floats of 64 bits; their rounding shows in amounts such as 4199.84t. */
function roundMantissa({ top, bottom }: Fraction): Fraction {
  if (top === 0n) return { top, bottom: 1n };
  const size = top < 0n ? -top : top;
  let power = 0n; // size = mantissa / 2 ** power
  while ((size << power) / bottom < MANTISSA / 2n) power += 1n;
  while (power <= 0n && size / bottom >= MANTISSA << -power) power -= 1n;
  const scaled = power < 0n ? { top: size, bottom: bottom << -power } : { top: size << power, bottom };
  const mantissa = roundHalfEven(scaled) * (top < 0n ? -1n : 1n);
  return power < 0n ? { top: mantissa << -power, bottom: 1n } : { top: mantissa, bottom: 1n << power };
}

/** Unlike bytes, `m` is a thousandth and `M` a million. */
const parseUnits: Builtin = (text) => {
  const { amount, unit } = splitAmount(textOf(text));
  const lower = unit.slice(1).toLowerCase();
  const milli = unit === 'm';
  const known =
    unit === '' || /^[kKMgGtTpPeE]$/.test(unit) || (/^[kKmMgGtTpPeE]$/.test(unit[0] ?? '') && lower === 'i');
  const scale = milli ? 1n : known ? scaleOf((unit[0] ?? '').toLowerCase() + lower) : undefined;
  if (scale === undefined) return undefinedBecause('no such unit');
  return roundFraction({ top: amount.top * scale, bottom: amount.bottom * (milli ? 1000n : 1n) });
};

function roundFraction({ top, bottom }: Fraction): number | bigint {
  if (top % bottom === 0n) return toRegoInteger(top / bottom);
  const size = top < 0n ? -top : top;
  const scaled = (size * 10n ** BigInt(DECIMALS) * 2n + bottom) / (bottom * 2n); // rounds half away from zero
  const digits = scaled.toString().padStart(DECIMALS + 1, '0');
  return Number(`${top < 0n ? '-' : ''}${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`);
}

export const unitBuiltins = { 'units.parse': parseUnits, 'units.parse_bytes': parseBytes } satisfies Record<
  string,
  Builtin
>;
