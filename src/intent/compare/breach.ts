import type { Problem } from '../../shared/problems.ts';

export type Path = readonly (string | number)[];

/**
 * A provider that broke the protocol's contract. The message says where and how, never with which value: it may be
 * sensitive.
 */
export function breach(path: Path, detail: string): Problem {
  return { severity: 'error', summary: 'the provider broke its contract', detail, path };
}

/** A secret that was to be used and forgotten is in the provider's answer: no provider may do that. */
export function leak(path: Path, detail: string): Problem {
  return { ...breach(path, detail), summary: LEAK };
}

const LEAK = 'the provider kept a write-only value';

/**
 * Providers on the old SDK declare that they cannot keep the contract; what they get wrong is told, not held against
 * them. A leak is.
 */
export function lenient(problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => (problem.summary === LEAK ? problem : { ...problem, severity: 'warning' }));
}
