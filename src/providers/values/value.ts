import type { CtyNumber } from './cty-number.ts';
import type { CtyType } from './cty-type.ts';

/**
 * A value of Terraform's type system as plain data. Lists, sets and tuples are arrays (a set is kept sorted and without
 * repeats), objects and maps are Maps. The type is not inside: whoever has a value has its schema.
 */
export type Value = null | boolean | string | CtyNumber | Unknown | Dynamic | readonly Value[] | ValueMap;

/** An object or a map. A Map, so that a key such as `__proto__` is only a key. */
export type ValueMap = ReadonlyMap<string, Value>;

/** A value that only the provider's apply will tell. What is known about it stays as the bytes that came. */
export class Unknown {
  readonly refinement: Uint8Array | undefined;

  constructor(refinement?: Uint8Array) {
    this.refinement = refinement;
  }
}

/** A value in a place of dynamic type, with the type it brought along. */
export class Dynamic {
  readonly type: CtyType;
  readonly value: Value;

  constructor(type: CtyType, value: Value) {
    this.type = type;
    this.value = value;
  }
}

/** The unknown of which nothing is known. */
export const unknown = new Unknown();

/** Narrows to an object or map. */
export function isValueMap(value: Value): value is ValueMap {
  return value instanceof Map;
}

/** Narrows to a list, set or tuple. */
export function isValueList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** Whether nothing in the value is unknown. */
export function isWhollyKnown(value: Value): boolean {
  if (value instanceof Unknown) return false;
  if (isDynamic(value)) return isWhollyKnown(value.value);
  if (isValueList(value)) return value.every(isWhollyKnown);
  return isValueMap(value) ? value.values().every(isWhollyKnown) : true;
}

/** Narrows to a value of dynamic type. */
export function isDynamic(value: Value): value is Dynamic {
  return value instanceof Dynamic;
}
