import {
  type CtyType,
  equalValues,
  isWhollyKnown,
  isValueList,
  isValueMap,
  Unknown,
  type Value,
} from '../../providers/index.ts';
import { canPair, commonElements } from '../merge/common-elements.ts';
import { bare, elementAt } from '../merge/parts.ts';

/**
 * Whether `actual` may be what became of `expected`: equal to it, where an unknown may have become anything.
 *
 * @param type of both; where it is dynamic the values speak for themselves
 */
export function agrees(expected: Value, actual: Value, type: CtyType): boolean {
  const wanted = bare(expected);
  const got = bare(actual);
  if (wanted instanceof Unknown) return true;
  if (isWhollyKnown(wanted)) return equalValues(bareAll(wanted), bareAll(got));
  if (isValueList(wanted) && isValueList(got)) return listAgrees(wanted, got, type);
  if (!isValueMap(wanted) || !isValueMap(got) || wanted.size !== got.size) return false;
  return wanted.entries().every(([key, part]) => {
    const found = got.get(key);
    return found !== undefined && agrees(part, found, partType(type, key));
  });
}

function listAgrees(wanted: readonly Value[], got: readonly Value[], type: CtyType): boolean {
  if (typeof type === 'string' || !('set' in type)) {
    return (
      wanted.length === got.length && wanted.every((part, at) => agrees(part, elementAt(got, at), partType(type, at)))
    );
  }
  // Unknown elements of a set may turn out equal, so there may be fewer of them, but what is known must be there.
  const same = commonElements(wanted, got);
  const open = wanted.filter((_, at) => !same.has(at));
  if (got.length > wanted.length || !canPair(open, got)) return false;
  return open.every((part) => got.some((candidate) => agrees(part, candidate, partType(type, 0))));
}

/** The value without the types that parts of it brought along. */
function bareAll(value: Value): Value {
  const plain = bare(value);
  if (isValueList(plain)) return plain.map(bareAll);
  return isValueMap(plain) ? new Map([...plain].map(([key, part]) => [key, bareAll(part)])) : plain;
}

function partType(type: CtyType, step: string | number): CtyType {
  if (typeof type === 'string') return 'dynamic';
  if ('list' in type) return type.list;
  if ('set' in type) return type.set;
  if ('map' in type) return type.map;
  if ('tuple' in type) return type.tuple[Number(step)] ?? 'dynamic';
  return type.object[step] ?? 'dynamic';
}
