import { type Builtin, undefinedBecause } from './builtin.ts';
import { formatRego, isRegoArray, RegoObject, RegoSet, type RegoValue } from './rego-value.ts';

/** `undefined` when the two types cannot be compared. */
function isSubset(whole: RegoValue, part: RegoValue): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) return isSubObject(whole, part);
  if (whole instanceof RegoSet && part instanceof RegoSet) return part.values().every((item) => whole.has(item));
  if (isRegoArray(whole) && isRegoArray(part)) return isRun(whole, part);
  return undefined;
}

function isSubObject(whole: RegoObject, part: RegoObject): boolean {
  return part.entries().every(([key, item]) => {
    const other = whole.get(key);
    if (other === undefined) return false;
    return formatRego(other) === formatRego(item) || (isSubset(other, item) ?? false);
  });
}

/** Whether the part's elements follow each other somewhere in the whole. */
function isRun(whole: readonly RegoValue[], part: readonly RegoValue[]): boolean {
  const wanted = part.map(formatRego);
  const texts = whole.map(formatRego);
  return texts.some((_text, at) => wanted.every((text, offset) => texts[at + offset] === text)) || part.length === 0;
}

function hasAll(whole: readonly RegoValue[], part: RegoSet): boolean {
  const texts = new Set(whole.map(formatRego));
  // OPA looks while it walks the array, so an empty array has not even the empty set.
  return whole.length > 0 && part.values().every((item) => texts.has(formatRego(item)));
}

const subset: Builtin = (whole = null, part = null) => {
  if (isRegoArray(whole) && part instanceof RegoSet) return hasAll(whole, part);
  return isSubset(whole, part) ?? undefinedBecause('operands must be of one type');
};

export const objectBuiltins = { 'object.subset': subset } satisfies Record<string, Builtin>;
