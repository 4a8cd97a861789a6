import { compareValues, type Value } from '../../providers/index.ts';

/** More comparisons of element with element would keep everybody waiting; two thousand with two thousand are these. */
const MAX_PAIRS = 4_000_000;

/** Whether the elements of two sets can be compared each with each. */
export function canPair(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length * others.length <= MAX_PAIRS;
}

/**
 * Where equal elements of two lists stand, each told once: found by sorting, so that a set of any size is compared with
 * itself at once.
 */
export function commonElements(some: readonly Value[], others: readonly Value[]): ReadonlyMap<number, number> {
  const [left, right] = [inOrder(some), inOrder(others)];
  const found = new Map<number, number>();
  for (let a = 0, b = 0; ;) {
    const [one, other] = [left[a], right[b]];
    if (one === undefined || other === undefined) return found;
    const order = compareValues(one.value, other.value);
    if (order === 0) found.set(one.at, other.at);
    if (order <= 0) a += 1;
    if (order >= 0) b += 1;
  }
}

/** The elements in an order of all values, with their places. Of equal ones the first comes first. */
function inOrder(elements: readonly Value[]): { readonly value: Value; readonly at: number }[] {
  return elements
    .map((value, at) => ({ value, at }))
    .toSorted((a, b) => compareValues(a.value, b.value) || a.at - b.at);
}
