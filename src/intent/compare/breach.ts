import type { Problem } from '../../shared/problems.ts';

export type Path = readonly (string | number)[];

/**
 * A provider that broke the protocol's contract. The message says where and how, never with which value: it may be
 * sensitive.
 */
export function breach(path: Path, detail: string): Problem {
  return { severity: 'error', summary: 'the provider broke its contract', detail, path };
}

/**
 * Providers on the old SDK declare that they cannot keep the contract; what they get wrong is told, not held against
 * them.
 */
export function lenient(problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({ ...problem, severity: 'warning' }));
}
