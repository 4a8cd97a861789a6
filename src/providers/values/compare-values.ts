import { CtyNumber } from './cty-number.ts';
import { typeToJson } from './cty-type.ts';
import { Dynamic, isValueList, isValueMap, isWhollyKnown, Unknown, type Value, type ValueMap } from './value.ts';

/** Order in which kinds of values sort; only its being fixed matters. */
function rank(value: Value): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (value instanceof CtyNumber) return 2;
  if (typeof value === 'string') return 3;
  if (isValueList(value)) return 4;
  if (isValueMap(value)) return 5;
  return value instanceof Dynamic ? 6 : 7;
}

/** A total order over values: strings by their bytes, numbers by size, the rest part by part. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (a instanceof CtyNumber && b instanceof CtyNumber) return a.compare(b);
  if (isValueList(a) && isValueList(b)) return compareLists(a, b);
  if (isValueMap(a) && isValueMap(b)) return compareMaps(a, b);
  if (a instanceof Dynamic && b instanceof Dynamic) return compareDynamics(a, b);
  if (a instanceof Unknown && b instanceof Unknown) return compareUnknowns(a, b);
  return typeof a === 'boolean' && typeof b === 'boolean' ? Number(a) - Number(b) : rank(a) - rank(b);
}

function compareLists(a: readonly Value[], b: readonly Value[]): number {
  for (const [at, element] of a.entries()) {
    const other = b[at];
    const order = other === undefined ? 1 : compareValues(element, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareMaps(a: ValueMap, b: ValueMap): number {
  return compareLists(sortedParts(a), sortedParts(b));
}

function sortedParts(map: ValueMap): Value[] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).flat();
}

function compareDynamics(a: Dynamic, b: Dynamic): number {
  return (
    compareValues(JSON.stringify(typeToJson(a.type)), JSON.stringify(typeToJson(b.type))) ||
    compareValues(a.value, b.value)
  );
}

function compareUnknowns(a: Unknown, b: Unknown): number {
  return Buffer.compare(a.refinement ?? new Uint8Array(), b.refinement ?? new Uint8Array());
}

/** Whether two values of one type are the same. Order of keys is nothing; two unknowns are the same placeholder. */
export function equalValues(a: Value, b: Value): boolean {
  return compareValues(a, b) === 0;
}

/** The elements as a set keeps them: sorted, known repeats dropped (two unknowns may turn out to differ). */
export function normalizeSet(elements: readonly Value[]): readonly Value[] {
  const sorted = elements.toSorted(compareValues);
  return sorted.filter((element, at) => {
    const before = sorted[at - 1];
    return before === undefined || !isWhollyKnown(element) || !equalValues(before, element);
  });
}
