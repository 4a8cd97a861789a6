/**
 * Rego's values as a builtin sees them. Plain JSON cannot carry them: sets, keys of any type and exact whole numbers
 * (nanoseconds pass 2^53) would be lost.
 */
export type RegoValue = null | boolean | number | bigint | string | readonly RegoValue[] | RegoSet | RegoObject;

/** Equal elements appear once; equality is that of `formatRego`, whose text is the key. */
export class RegoSet {
  readonly items: ReadonlyMap<string, RegoValue>;

  constructor(values: Iterable<RegoValue>) {
    this.items = new Map([...values].map((value) => [formatRego(value), value]));
  }

  /** In Rego's order. */
  values(): RegoValue[] {
    return [...this.items.values()].toSorted(compareRego);
  }

  has(value: RegoValue): boolean {
    return this.items.has(formatRego(value));
  }
}

/** A map whose keys may be of any type, kept under their text. */
export class RegoObject {
  readonly items: ReadonlyMap<string, readonly [key: RegoValue, value: RegoValue]>;

  constructor(entries: Iterable<readonly [RegoValue, RegoValue]>) {
    this.items = new Map([...entries].map(([key, value]) => [formatRego(key), [key, value]]));
  }

  static of(record: Readonly<Record<string, RegoValue>>): RegoObject {
    return new RegoObject(Object.entries(record));
  }

  get(key: RegoValue): RegoValue | undefined {
    return this.items.get(formatRego(key))?.[1];
  }

  /** In the order of Rego's keys. */
  entries(): (readonly [RegoValue, RegoValue])[] {
    return [...this.items.values()].toSorted(([a], [b]) => compareRego(a, b));
  }
}

export function isRegoArray(value: RegoValue): value is readonly RegoValue[] {
  return Array.isArray(value);
}

/** Rego notation, which the Wasm module reads back: JSON, plus `{1, 2}` and `set()` for sets. Equal values, equal text. */
export function formatRego(value: RegoValue): string {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return formatFloat(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (value instanceof RegoSet)
    return value.items.size === 0 ? 'set()' : `{${value.values().map(formatRego).join(',')}}`;
  if (value instanceof RegoObject) {
    return `{${value
      .entries()
      .map(([key, item]) => `${formatRego(key)}:${formatRego(item)}`)
      .join(',')}}`;
  }
  return `[${value.map(formatRego).join(',')}]`;
}

/** JSON as Rego writes it: sets become sorted arrays, keys become strings. */
export function regoToJson(value: RegoValue): string {
  if (value instanceof RegoSet) return `[${value.values().map(regoToJson).join(',')}]`;
  if (value instanceof RegoObject) {
    const members = value.entries().map(([key, item]) => `${JSON.stringify(keyText(key))}:${regoToJson(item)}`);
    return `{${members.join(',')}}`;
  }
  return isRegoArray(value) ? `[${value.map(regoToJson).join(',')}]` : formatRego(value);
}

function keyText(key: RegoValue): string {
  return typeof key === 'string' ? key : regoToJson(key);
}

function formatFloat(value: number): string {
  return Number.isSafeInteger(value) ? BigInt(value).toString() : JSON.stringify(value);
}

/** null < boolean < number < string < array < object < set, then by content. */
export function compareRego(a: RegoValue, b: RegoValue): number {
  const difference = rank(a) - rank(b);
  if (difference !== 0) return difference;
  if (isRegoArray(a) && isRegoArray(b)) return compareLists(a, b);
  if (a instanceof RegoSet && b instanceof RegoSet) return compareLists(a.values(), b.values());
  if (a instanceof RegoObject && b instanceof RegoObject) return compareLists(flat(a), flat(b));
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return comparePlain(a, b);
}

function flat(object: RegoObject): RegoValue[] {
  return object.entries().flat();
}

function rank(value: RegoValue): number {
  if (value === null) return 0;
  if (typeof value === 'boolean') return 1;
  if (typeof value === 'number' || typeof value === 'bigint') return 2;
  if (typeof value === 'string') return 3;
  if (value instanceof RegoObject) return 5;
  return value instanceof RegoSet ? 6 : 4;
}

function compareLists(a: readonly RegoValue[], b: readonly RegoValue[]): number {
  for (const [at, item] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compareRego(item, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By code point, as UTF-8 bytes sort; JavaScript's own order differs beyond the basic plane. */
function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function comparePlain(a: RegoValue, b: RegoValue): number {
  if (a === b || a === null || b === null) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}
