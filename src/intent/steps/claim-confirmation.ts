import { AppError } from '../../shared/errors.ts';
import { findOperations, changeOperation, type OperationRow } from '../../storage/operations.ts';
import type { Db } from '../../storage/database.ts';
import { confirmationHash } from '../journal/confirmation-token.ts';
import { moveOperation } from '../journal/move-operation.ts';
import { fact, type Run } from '../run.ts';
import { takeProject } from './hold-lock.ts';
import { claimResource } from './record-operation.ts';

/** Finds the operation that the caller's token belongs to and uses the token up. */
export async function claimConfirmation(run: Run): Promise<void> {
  const { storage, clock } = run.engine.domain;
  const at = clock.now();
  // The token is used up: if the server dies now, nobody could confirm it any more, and it must be found.
  const leaseUntil = new Date(at.getTime() + run.engine.limits.leaseMs);
  await storage.transaction(async (db) => {
    const project = await takeProject(db, run);
    const operation = await findConfirmed(db, run, at);
    run.facts.operation = operation;
    await claimResource(db, run);
    const changes = {
      confirmationHash: undefined,
      fence: project.fence,
      leaseUntil,
      updatedAt: at,
      cancelRequestedAt: undefined,
    };
    const target = { project: project.id, id: operation.id, fence: project.fence };
    await changeOperation(db, target, ['AWAITING_CONFIRMATION'], changes, { step: 'claimConfirmation', at });
    run.facts.project = project;
    run.facts.operation = { ...operation, ...changes };
  });
}

async function findConfirmed(db: Db, { ask, request }: Run, now: Date): Promise<OperationRow> {
  const hash = confirmationHash(ask.confirmation ?? '');
  const where = { project: ask.project, confirmationHash: hash, status: 'AWAITING_CONFIRMATION' as const };
  const [operation] = await findOperations(db, where, { limit: 1 });
  const fits =
    operation?.session === request.caller.session &&
    operation.kind === ask.kind &&
    operation.resourceId === ask.resourceID;
  if (operation === undefined || !fits || (operation.confirmationUntil ?? now) <= now) throw noSuchToken();
  return operation;
}

// One answer for a wrong, used, foreign or run-out token: a guesser learns nothing.
function noSuchToken(): AppError {
  return new AppError(
    'CONFIRMATION_REQUIRED',
    'confirmation: this token does not confirm this call: it is used up, run out, or of another call or session; ' +
      'call again without it to get a new one',
    { details: { field: 'confirmation' } },
  );
}

/** Sees that what was confirmed is what would happen now. */
export async function requireSamePlan(run: Run): Promise<void> {
  const operation = fact(run, 'operation');
  if (fact(run, 'change').digest === operation.planDigest) return;
  const message =
    'the plan is another one by now: nothing was done; call again without the confirmation and look at the new plan';
  run.stopped = true;
  run.error = new AppError('PLAN_CHANGED', message, { details: { operation: operation.id } });
  await moveOperation(run, { to: 'CANCELED', step: 'requireSamePlan', changes: { failure: message } });
}
