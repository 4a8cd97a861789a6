import { Dynamic, isDynamic, isValueList, isValueMap, Unknown, type Value } from '../../providers/index.ts';

type Path = readonly (string | number)[];

/** Where a value is still unknown: the deepest places, in order of the value. */
export function unknownPaths(value: Value, path: Path = []): Path[] {
  if (value instanceof Unknown) return [path];
  if (isDynamic(value)) return unknownPaths(value.value, path);
  if (isValueList(value)) return value.flatMap((element, at) => unknownPaths(element, [...path, at]));
  if (!isValueMap(value)) return [];
  return [...value].flatMap(([key, inner]) => unknownPaths(inner, [...path, key]));
}

/** The value with null in place of each unknown: what can be stored of a state that a provider left unfinished. */
export function nullUnknowns(value: Value): Value {
  if (value instanceof Unknown) return null;
  if (isDynamic(value)) return new Dynamic(value.type, nullUnknowns(value.value));
  if (isValueList(value)) return value.map(nullUnknowns);
  return isValueMap(value) ? new Map([...value].map(([key, inner]) => [key, nullUnknowns(inner)])) : value;
}
