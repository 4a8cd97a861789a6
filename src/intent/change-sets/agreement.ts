import { AppError } from '../../shared/errors.ts';
import { agrees } from '../compare/agrees.ts';
import { type StoredPlan } from '../journal/stored.ts';
import { valueDigest } from '../plan/digest.ts';
import { decodeFor } from '../provider/loaded-type.ts';
import { fact } from '../run.ts';
import type { Member } from './member.ts';

// What may become of an approved action once everything is known: the same, or less.
const less: Readonly<Record<string, readonly string[]>> = { replace: ['update', 'no-op'], update: ['no-op'] };

/**
 * Whether a new plan is the approved one: the same plan, or, where something was left to be known later, one that only
 * says what that is.
 */
export function isSamePlan({ run }: Member, approved: StoredPlan, approvedDigest: string | undefined): boolean {
  const { planned, digest, salt } = fact(run, 'change');
  if (digest === approvedDigest) return true;
  if (approved.isWhole !== false) return false;
  const loaded = fact(run, 'loaded');
  const { action } = planned;
  const allowed = action === approved.shown.action || (less[approved.shown.action] ?? []).includes(action);
  return (
    allowed &&
    loaded.binary.sha256 === approved.sha256 &&
    valueDigest(planned.prior.value, salt) === approved.priorDigest &&
    agrees(decodeFor(loaded, approved.planned), planned.planned.value, loaded.valueType)
  );
}

export function planChanged(resourceID: string): AppError {
  const message =
    `the plan of ${JSON.stringify(resourceID)} is another one than the approved one by now: nothing was done to it; ` +
    'resume the change set and look at the new plan';
  return new AppError('PLAN_CHANGED', message, { details: { resourceID } });
}
