import type { Json } from '../../shared/json.ts';
import { CtyNumber } from './cty-number.ts';
import { Dynamic, isValueList, isValueMap, Unknown, type Value } from './value.ts';

/**
 * A value as plain JSON data, for the API and for policies. A number that a JavaScript number would change is given as
 * its decimal text; an unknown is null.
 */
export function valueToPlain(value: Value): Json {
  if (value instanceof CtyNumber) return value.toNumber() ?? value.toString();
  if (value instanceof Unknown) return null;
  if (value instanceof Dynamic) return valueToPlain(value.value);
  if (isValueList(value)) return value.map(valueToPlain);
  // fromEntries defines own properties, so a key `__proto__` stays a key
  if (isValueMap(value)) return Object.fromEntries([...value].map(([key, part]) => [key, valueToPlain(part)]));
  return value;
}
