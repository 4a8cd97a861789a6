import { type Builtin, textOf, undefinedBecause } from './builtin.ts';
import type { RegoValue } from './rego-value.ts';

interface Version {
  readonly numbers: readonly bigint[];
  readonly preRelease: readonly string[];
}

const NUMBER = '(0|[1-9][0-9]*)';
const IDENTIFIERS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const VERSION = new RegExp(`^v?${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${IDENTIFIERS}))?(?:\\+${IDENTIFIERS})?$`);
const MAX_NUMBER = 2n ** 63n - 1n;

function parseVersion(text: string): Version | undefined {
  const match = VERSION.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map(BigInt);
  const preRelease = match[4]?.split('.') ?? [];
  const valid = numbers.every((number) => number <= MAX_NUMBER) && !preRelease.some((part) => /^0\d+$/.test(part));
  return valid ? { numbers, preRelease } : undefined;
}

function compareVersions(a: Version, b: Version): number {
  const difference = a.numbers.map((number, at) => order(number, b.numbers[at] ?? 0n)).find((sign) => sign !== 0);
  if (difference !== undefined) return difference;
  if (a.preRelease.length === 0 || b.preRelease.length === 0)
    return Math.sign(b.preRelease.length - a.preRelease.length);
  for (const [at, part] of a.preRelease.entries()) {
    const other = b.preRelease[at];
    const sign = other === undefined ? 1 : compareIdentifiers(part, other);
    if (sign !== 0) return sign;
  }
  return Math.sign(a.preRelease.length - b.preRelease.length);
}

/** Numbers by value and before words, words by their characters. */
function compareIdentifiers(a: string, b: string): number {
  const [aIsNumber, bIsNumber] = [a, b].map((part) => /^\d+$/.test(part));
  if (aIsNumber !== bIsNumber) return aIsNumber === true ? -1 : 1;
  return aIsNumber === true ? order(BigInt(a), BigInt(b)) : order(a, b);
}

function order<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function versionOf(value: RegoValue | undefined): Version {
  return parseVersion(textOf(value)) ?? undefinedBecause('not a semantic version');
}

export const semverBuiltins = {
  'semver.compare': (a, b) => compareVersions(versionOf(a), versionOf(b)),
  'semver.is_valid': (text) => typeof text === 'string' && parseVersion(text) !== undefined,
} satisfies Record<string, Builtin>;
