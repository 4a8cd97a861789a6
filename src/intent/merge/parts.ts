import { invariant } from '../../shared/errors.ts';
import { isDynamic, isValueList, isValueMap, type Value, type ValueMap } from '../../providers/index.ts';

/** A value without the type it may have brought along. */
export function bare(value: Value): Value {
  return isDynamic(value) ? bare(value.value) : value;
}

/** Attribute of an object that may be absent; null where there is nothing. */
export function part(object: Value, name: string): Value {
  const map = bare(object);
  return isValueMap(map) ? (map.get(name) ?? null) : null;
}

/** The object as a Map. */
export function asMap(value: Value): ValueMap {
  const map = bare(value);
  invariant(isValueMap(map), 'an object is a Map');
  return map;
}

/** Elements of a list or set; none when it is absent or unknown. */
export function elementsOf(value: Value): readonly Value[] {
  const list = bare(value);
  return isValueList(list) ? list : [];
}

/** Element of a list; null where the list is shorter. */
export function elementAt(list: readonly (Value | undefined)[], index: number): Value {
  return list[index] ?? null;
}
