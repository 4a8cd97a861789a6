import { isRegoArray, RegoSet, type RegoValue } from './rego-value.ts';

/** A builtin of the host: pure, and `undefined` where Rego says so. */
export type Builtin = (...args: RegoValue[]) => RegoValue | undefined;

/** A wrong operand or a failed parse: the expression is undefined, as in OPA without strict builtin errors. */
export class BuiltinError extends Error {}

/** Ends the builtin with "undefined". */
export function undefinedBecause(reason: string): never {
  throw new BuiltinError(reason);
}

export function textOf(value: RegoValue | undefined): string {
  return typeof value === 'string' ? value : undefinedBecause('operand must be a string');
}

/** A whole number, exact at any size. */
export function integerOf(value: RegoValue | undefined): bigint {
  if (typeof value === 'bigint') return value;
  return typeof value === 'number' && Number.isInteger(value)
    ? BigInt(value)
    : undefinedBecause('operand must be an integer');
}

export function smallIntegerOf(value: RegoValue | undefined): number {
  const number = Number(integerOf(value));
  return Number.isSafeInteger(number) ? number : undefinedBecause('operand is too large');
}

/** Rego's null is a value: only `undefined` is missing. */
export function present(value: RegoValue | undefined, problem: string): RegoValue {
  return value === undefined ? undefinedBecause(problem) : value;
}

/** An array's or a set's elements. */
export function elementsOf(value: RegoValue | undefined): readonly RegoValue[] {
  if (value === undefined) return undefinedBecause('operand is missing');
  if (value instanceof RegoSet) return value.values();
  return isRegoArray(value) ? value : undefinedBecause('operand must be an array or a set');
}

export function arrayOf(value: RegoValue | undefined): readonly RegoValue[] {
  return value !== undefined && isRegoArray(value) ? value : undefinedBecause('operand must be an array');
}

/** One string, or the strings of an array or set. */
export function textsOf(value: RegoValue | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : elementsOf(value).map(textOf);
}

/** Smallest form of a whole number: what fits a double is one. */
export function toRegoInteger(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
