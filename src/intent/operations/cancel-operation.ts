import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { askForEnd, changeOperation, findOperation, type OperationRow } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { isServerGone } from '../journal/interruption.ts';
import { liveStatuses } from '../journal/transitions.ts';
import { requireOperation } from './operation-request.ts';
import { stopWork } from './stop-work.ts';

/**
 * Ends an operation that waits for a person at once. One that runs is asked to stop, on whichever server; it comes to its
 * end by itself, with whatever the provider had done by then on record.
 */
export async function cancelOperation(
  engine: Engine,
  request: Request,
  input: { readonly intentProject: string; readonly operationID: string },
): Promise<OperationRow> {
  const { intentProject, operationID } = input;
  let row = await requireOperation(engine, intentProject, operationID);
  if (row.status === 'PLANNED') throw memberOf(row);
  if (engine.running.has(operationID) || runs(row)) {
    await stopWork(engine, request, workOf(row));
    row = await requireOperation(engine, intentProject, operationID);
    // It may have come to where it waits for a person before it heard.
    if (!waits(row) && !isServerGone(row.failure)) return row;
  }
  if (row.status === 'CANCELED') return row;
  if (!waits(row)) throw notCancelable(row);
  await callOff(engine, request, row);
  return requireOperation(engine, intentProject, operationID);
}

function memberOf({ id, changeSet = '' }: OperationRow): AppError {
  const message = `operation ${id} waits for its turn in change set ${changeSet}: cancel that`;
  return new AppError('CONFLICT', message, { details: { operation: id, changeSet } });
}

function workOf(row: OperationRow): Parameters<typeof stopWork>[2] {
  const { id, project, status } = row;
  return {
    id,
    ask: (db, at) => askForEnd(db, row, at),
    lease: async (db) => {
      const current = await findOperation(db, project, id);
      return current !== undefined && runs(current) ? current.leaseUntil : undefined;
    },
    event: { ...eventOf(row), data: { status } },
  };
}

function runs({ status, leaseUntil }: OperationRow): boolean {
  return liveStatuses.includes(status) && leaseUntil !== undefined;
}

function waits({ status, leaseUntil }: OperationRow): boolean {
  return (
    status === 'PENDING_REVIEW' ||
    status === 'AWAITING_CONFIRMATION' ||
    (status === 'QUEUED' && leaseUntil === undefined)
  );
}

function notCancelable({ id, status, failure, finishedAt }: OperationRow): AppError {
  const advice =
    status === 'INTERRUPTED'
      ? `${isServerGone(failure) ? `${failure}; ` : ''}resume it to find out what was done`
      : finishedAt === undefined
        ? 'ask again in a moment'
        : 'it is at its end';
  return new AppError('CONFLICT', `operation ${id} is ${status} and cannot be canceled: ${advice}`, {
    details: { operation: id, status },
  });
}

async function callOff(engine: Engine, request: Request, row: OperationRow): Promise<void> {
  const { storage, clock } = engine.domain;
  const { project, id, status } = row;
  const at = clock.now();
  const failure = `called off by ${request.caller.principal.name} before anything was changed`;
  const changes = { status: 'CANCELED' as const, confirmationHash: undefined, failure, updatedAt: at, finishedAt: at };
  await storage.transaction(async (db) => {
    await changeOperation(db, { project, id, fence: undefined }, [status], changes, { step: 'cancel', at });
    await recordAudit(db, engine.domain, request, eventOf(row));
  });
}

function eventOf({ id, project }: OperationRow) {
  return {
    action: 'intent-resource-operation.cancel',
    affected: { type: 'INTENT_OPERATION', id },
    related: { type: 'INTENT_PROJECT', id: project },
  };
}
