import { AppError, type ErrorDetails } from '../../shared/errors.ts';
import { listItem } from '../../shared/problems.ts';
import type { Decision } from '../run.ts';

/**
 * The decision on what happens at once or not at all, so that no person can be asked: what no policy allows is denied.
 *
 * @param because what is said where neither is
 */
export function decidedAtOnce(decision: Decision, because: string): Decision {
  return decision.outcome === 'REVIEW' ? { ...decision, outcome: 'DENIED', deny: [because] } : decision;
}

/** What is said of reads and edits that no policy allows. */
export const cannotWait = {
  READ: 'no policy allows it, and a read cannot wait for a review',
  DEPENDENCY: 'no policy allows it, and an edit of dependencies cannot wait for a review',
} as const;

/** Every reason has a line of its own. */
export function denied(what: string, reasons: readonly string[], details: ErrorDetails = {}): AppError {
  const lines = [`the ${what} is denied by policy:`, ...reasons.map((reason) => listItem(reason))];
  return new AppError('POLICY_DENIED', lines.join('\n'), { details: { ...details, reasons: [...reasons] } });
}
