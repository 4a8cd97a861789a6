import { parseDocument } from 'yaml';

import { type Builtin, textOf, undefinedBecause } from './builtin.ts';
import { RegoObject, type RegoValue } from './rego-value.ts';

const MAX_ALIASES = 100; // a few lines of aliases can stand for gigabytes

function read(text: string): unknown {
  const document = parseDocument(text, { merge: true, intAsBigInt: true, logLevel: 'silent' });
  if (document.errors.length > 0) return undefinedBecause('not YAML');
  return document.toJS({ maxAliasCount: MAX_ALIASES });
}

function toRego(value: unknown): RegoValue {
  if (Array.isArray(value)) return value.map(toRego);
  if (typeof value === 'bigint') return BigInt(Number(value)) === value ? Number(value) : value;
  if (typeof value === 'object' && value !== null) {
    return new RegoObject(Object.entries(value).map(([key, item]): [string, RegoValue] => [key, toRego(item)]));
  }
  if (typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number') return value;
  return null;
}

function isValid(text: RegoValue | undefined): boolean {
  return typeof text === 'string' && parseDocument(text, { logLevel: 'silent' }).errors.length === 0;
}

export const yamlBuiltins = {
  'yaml.unmarshal': (text) => toRego(read(textOf(text))),
  'yaml.is_valid': isValid,
} satisfies Record<string, Builtin>;
