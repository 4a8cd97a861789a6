/** An exact number; `bottom` is positive. */
export interface Fraction {
  readonly top: bigint;
  readonly bottom: bigint;
}

/** Exact: a double is a whole number over a power of two. */
export function fractionOf(value: number): Fraction {
  let [whole, bottom] = [value, 1n];
  while (!Number.isInteger(whole)) [whole, bottom] = [whole * 2, bottom * 2n];
  return { top: BigInt(whole), bottom };
}

/** For numbers of at least 0. */
export function roundHalfEven({ top, bottom }: Fraction): bigint {
  const [quotient, rest] = [top / bottom, top % bottom];
  const up = rest * 2n > bottom || (rest * 2n === bottom && quotient % 2n === 1n);
  return up ? quotient + 1n : quotient;
}

/** The number times a power of ten. */
export function shiftDecimal({ top, bottom }: Fraction, digits: number): Fraction {
  const power = 10n ** BigInt(Math.abs(digits));
  return digits < 0 ? { top, bottom: bottom * power } : { top: top * power, bottom };
}
