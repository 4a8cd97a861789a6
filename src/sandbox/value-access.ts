import { CtyNumber, isValueMap, type Value, type ValueMap } from '../providers/index.ts';

// Typed reads of an object's attributes. `undefined` stands for null and for not yet known: neither can be judged.

export function textOf(object: ValueMap, name: string): string | undefined {
  const value = object.get(name);
  return typeof value === 'string' ? value : undefined;
}

export function flagOf(object: ValueMap, name: string): boolean | undefined {
  const value = object.get(name);
  return typeof value === 'boolean' ? value : undefined;
}

/** NaN never comes out: Terraform's numbers are finite. */
export function numberOf(object: ValueMap, name: string): number | undefined {
  const value = object.get(name);
  return value instanceof CtyNumber ? Number(value.toString()) : undefined;
}

/** A copy with some attributes set. */
export function withValues(object: ValueMap, changes: Readonly<Record<string, Value>>): ValueMap {
  return new Map([...object, ...Object.entries(changes)]);
}

/** The object a value must be; providers and Terraform exchange only objects at the top. */
export function requireObject(value: Value): ValueMap {
  if (!isValueMap(value)) throw new TypeError('an object was expected');
  return value;
}
