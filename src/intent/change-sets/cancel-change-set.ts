import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { type ChangeSetRow } from '../../storage/change-sets.ts';
import { findMembers } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { settleWithin } from '../journal/running-operations.ts';
import { stopRunning } from '../operations/cancel-operation.ts';
import { requireSet } from './apply-change-set.ts';
import { readChanges } from './change.ts';
import { requireActions } from './require-actions.ts';
import { callSetOff } from './sweep-sets.ts';

export interface ChangeSetName {
  readonly intentProject: string;
  readonly id: string;
}

const CANCEL_WAIT_MS = 5_000; // long enough for a provider that gives up at once

/**
 * Ends a change set that waits. Of one that is at work nothing more is begun, and its operations that run are asked to
 * stop; what is done stays done.
 */
export async function cancelChangeSet(engine: Engine, request: Request, name: ChangeSetName): Promise<ChangeSetRow> {
  const { set, project } = await requireSet(engine, name.intentProject, name.id);
  requireActions(request.caller, project, readChanges(set));
  const running = engine.running.find(set.id);
  if (running !== undefined) {
    running.cancelRequested = true;
    await Promise.all((await runningMembers(engine, set)).map((member) => stopRunning(engine, member)));
    await settleWithin(running.done, CANCEL_WAIT_MS);
  } else if (set.status === 'PLANNED' || set.status === 'PENDING_REVIEW') {
    await callOff(engine, request, set);
  } else if (set.status !== 'CANCELED') {
    throw notCancelable(set);
  }
  return (await requireSet(engine, name.intentProject, name.id)).set;
}

async function runningMembers(engine: Engine, set: ChangeSetRow) {
  const members = await engine.domain.storage.read((db) => findMembers(db, set.id));
  return members.flatMap(({ id }) => engine.running.find(id) ?? []);
}

async function callOff(engine: Engine, request: Request, set: ChangeSetRow): Promise<void> {
  const failure = `called off by ${request.caller.principal.name} before anything was changed`;
  await engine.domain.storage.transaction(async (db) => {
    await callSetOff(db, engine, set, failure);
    await recordAudit(db, engine.domain, request, {
      action: 'intent-change-set.cancel',
      affected: { type: 'INTENT_CHANGE_SET', id: set.id },
      related: { type: 'INTENT_PROJECT', id: set.project },
    });
  });
}

function notCancelable({ id, status, leaseUntil }: ChangeSetRow): AppError {
  const advice =
    status === 'INTERRUPTED'
      ? 'resume it to find out what was done'
      : leaseUntil === undefined
        ? 'it is at its end'
        : 'another server works on it; ask again in a moment';
  return new AppError('CONFLICT', `change set ${id} is ${status} and cannot be canceled: ${advice}`, {
    details: { changeSet: id, status },
  });
}
