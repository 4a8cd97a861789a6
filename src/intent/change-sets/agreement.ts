import { AppError } from '../../shared/errors.ts';
import { agrees } from '../compare/agrees.ts';
import { type StoredPlan } from '../journal/stored.ts';
import { valueDigest } from '../plan/digest.ts';
import { decodeFor } from '../provider/loaded-type.ts';
import { fact } from '../run.ts';
import type { Member } from './member.ts';

// What may become of an approved action once everything is known: the same, or less.
const less: Readonly<Record<string, readonly string[]>> = { replace: ['update'] };

/**
 * Whether a new plan is the approved one: the same plan, or, where something was left to be known later, one that only
 * says what that is.
 */
export function isSamePlan({ run }: Member, approved: StoredPlan, approvedDigest: string | undefined): boolean {
  const { planned, digest, salt } = fact(run, 'change');
  if (digest === approvedDigest) return true;
  const loaded = fact(run, 'loaded');
  const { action } = planned;
  const sameResult =
    loaded.binary.sha256 === approved.sha256 &&
    agrees(decodeFor(loaded, approved.planned), planned.planned.value, loaded.valueType);
  if (!sameResult) return false;
  // Where all that was approved is there already, nothing is done, whoever made it.
  if (action === 'no-op') return approved.shown.action !== 'delete';
  if (approved.isWhole !== false) return false;
  const allowed = action === approved.shown.action || (less[approved.shown.action] ?? []).includes(action);
  return allowed && valueDigest(planned.prior.value, salt) === approved.priorDigest;
}

export function planChanged(resourceID: string): AppError {
  const message =
    `the plan of ${JSON.stringify(resourceID)} is another one than the approved one by now: nothing was done to it; ` +
    'resume the change set and look at the new plan';
  return new AppError('PLAN_CHANGED', message, { details: { resourceID } });
}
