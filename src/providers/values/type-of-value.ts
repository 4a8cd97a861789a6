import { CtyNumber } from './cty-number.ts';
import type { CtyType } from './cty-type.ts';
import { Dynamic, isValueList, isValueMap, type Value } from './value.ts';

/**
 * The type that a bare value has in a place of dynamic type: arrays are tuples, Maps are objects, and a null or unknown
 * of which no more is said is dynamic.
 */
export function typeOfValue(value: Value): CtyType {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (value instanceof CtyNumber) return 'number';
  if (value instanceof Dynamic) return value.type;
  if (isValueList(value)) return { tuple: value.map(typeOfValue) };
  if (isValueMap(value))
    return { object: Object.fromEntries([...value].map(([name, part]) => [name, typeOfValue(part)])) };
  return 'dynamic';
}
