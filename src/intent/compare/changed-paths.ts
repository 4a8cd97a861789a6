import { equalValues, isValueList, isValueMap, type Value } from '../../providers/index.ts';
import { bare, elementAt } from '../merge/parts.ts';
import type { Path } from './breach.ts';

/** Where two values of one type differ: the deepest places that both have. */
export function changedPaths(before: Value, after: Value, path: Path = []): Path[] {
  if (equalValues(before, after)) return [];
  const [was, is] = [bare(before), bare(after)];
  if (isValueMap(was) && isValueMap(is)) {
    const keys = [...new Set([...was.keys(), ...is.keys()])];
    return keys.flatMap((key) => changedPaths(was.get(key) ?? null, is.get(key) ?? null, [...path, key]));
  }
  if (isValueList(was) && isValueList(is) && was.length === is.length) {
    return was.flatMap((element, at) => changedPaths(element, elementAt(is, at), [...path, at]));
  }
  return [path];
}
