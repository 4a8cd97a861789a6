import { type Builtin, smallIntegerOf, undefinedBecause } from './builtin.ts';

const MAX_ELEMENTS = 1_000_000; // the result is text in two heaps; more would only end at the memory limit later

const rangeStep: Builtin = (from, to, by) => {
  const [start, end, step] = [smallIntegerOf(from), smallIntegerOf(to), smallIntegerOf(by)];
  if (step <= 0) return undefinedBecause('step must be positive');
  const length = Math.floor(Math.abs(end - start) / step) + 1;
  if (length > MAX_ELEMENTS) throw new Error(`numbers.range_step: more than ${MAX_ELEMENTS} numbers`);
  const direction = end < start ? -step : step;
  return Array.from({ length }, (_none, at) => start + at * direction);
};

export const numberBuiltins = { 'numbers.range_step': rangeStep } satisfies Record<string, Builtin>;
