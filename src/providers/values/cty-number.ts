/** Longest exponent or fraction kept: far beyond what providers send, short enough to print. */
const MAX_DIGITS = 1_000;

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,6}))?$/;

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

/**
 * An exact decimal number: `coefficient * 10 ** exponent`, with no trailing zero in the coefficient. Terraform's numbers
 * have 512 bits; a JavaScript number would lose digits, and a lost digit reads as a change of the resource.
 * A double that a provider sends is taken as its shortest decimal text, as it is once it has been stored as JSON.
 */
export class CtyNumber {
  readonly coefficient: bigint;
  readonly exponent: number;

  private constructor(coefficient: bigint, exponent: number) {
    this.coefficient = coefficient;
    this.exponent = exponent;
  }

  /** @throws RangeError for text that is not a decimal number, not finite, or longer than a thousand digits */
  static from(source: string | bigint | number): CtyNumber {
    const match = DECIMAL.exec(String(source));
    if (match === null) throw new RangeError('not a decimal number');
    const [, sign = '', whole = '', fraction = '', power = '0'] = match;
    if (whole === '' && fraction === '') throw new RangeError('not a decimal number');
    const exponent = Number(power) - fraction.length;
    if (whole.length + fraction.length + Math.abs(exponent) > MAX_DIGITS) throw new RangeError('number too long');
    const coefficient = BigInt(whole + fraction);
    return CtyNumber.normal(sign === '-' ? -coefficient : coefficient, exponent);
  }

  private static normal(coefficient: bigint, exponent: number): CtyNumber {
    if (coefficient === 0n) return new CtyNumber(0n, 0);
    const digits = coefficient.toString();
    const zeros = digits.length - digits.replace(/0+$/, '').length;
    return new CtyNumber(coefficient / 10n ** BigInt(zeros), exponent + zeros);
  }

  /** The integer, or undefined for a fraction. */
  toBigInt(): bigint | undefined {
    return this.exponent < 0 ? undefined : this.coefficient * 10n ** BigInt(this.exponent);
  }

  /** The integer if it fits 64 bits with sign. */
  toInt64(): bigint | undefined {
    const integer = this.toBigInt();
    return integer !== undefined && integer >= INT64_MIN && integer <= INT64_MAX ? integer : undefined;
  }

  /** The double that equals this number exactly in binary (0.5 yes, 0.1 no), for fractions. */
  toExactDouble(): number | undefined {
    if (this.exponent >= 0) return undefined;
    const power = BigInt(-this.exponent);
    const scaled = this.coefficient / 5n ** power;
    if (scaled * 5n ** power !== this.coefficient) return undefined;
    return abs(scaled) < 2n ** 53n ? Number(scaled) / 2 ** Number(power) : undefined;
  }

  /** The JavaScript number that prints as this number, or undefined where digits would be lost. */
  toNumber(): number | undefined {
    const near = Number(this.toString());
    return Number.isFinite(near) && this.equals(CtyNumber.from(near)) ? near : undefined;
  }

  equals(other: CtyNumber): boolean {
    return this.coefficient === other.coefficient && this.exponent === other.exponent;
  }

  /** Negative, zero or positive, as for sorting. */
  compare(other: CtyNumber): number {
    const shared = Math.min(this.exponent, other.exponent);
    const left = this.coefficient * 10n ** BigInt(this.exponent - shared);
    const right = other.coefficient * 10n ** BigInt(other.exponent - shared);
    return left < right ? -1 : left > right ? 1 : 0;
  }

  /** Plain decimal text, without an exponent: `1000`, `0.25`. */
  toString(): string {
    if (this.exponent >= 0) return (this.coefficient * 10n ** BigInt(this.exponent)).toString();
    const digits = abs(this.coefficient)
      .toString()
      .padStart(1 - this.exponent, '0');
    const sign = this.coefficient < 0n ? '-' : '';
    return `${sign}${digits.slice(0, this.exponent)}.${digits.slice(this.exponent)}`;
  }
}

function abs(integer: bigint): bigint {
  return integer < 0n ? -integer : integer;
}
