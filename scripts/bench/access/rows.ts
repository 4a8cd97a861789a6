/** One measured figure. */
export interface AccessRow {
  readonly what: string;
  readonly subject: string;
  readonly value: number;
  readonly unit: 'ms' | 'CPU ms' | 'CPU us' | 'ratio' | '%';
  readonly range: readonly number[];
  readonly note: string;
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Without the worst tenth: another program that cuts in says nothing about this one. */
export function rangeOf(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  return [sorted[0] ?? Number.NaN, sorted[Math.floor(sorted.length * 0.9)] ?? Number.NaN];
}
