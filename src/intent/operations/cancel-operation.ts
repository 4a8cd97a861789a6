import { recordAudit } from '../../domain/audit/index.ts';
import type { Request } from '../../domain/context.ts';
import { AppError } from '../../shared/errors.ts';
import { changeOperation, type OperationRow } from '../../storage/operations.ts';
import type { Engine } from '../engine.ts';
import { type RunningOperation, settleWithin } from '../journal/running-operations.ts';
import { requireOperation } from './operation-request.ts';

const CANCEL_WAIT_MS = 5_000; // long enough for a provider that gives up at once
const CANCEL_AGAIN_MS = 500;

/**
 * Ends an operation that waits for a person at once. One that runs is asked to stop; it comes to its end by itself, with
 * whatever the provider had done by then on record.
 */
export async function cancelOperation(
  engine: Engine,
  request: Request,
  input: { readonly intentProject: string; readonly operationID: string },
): Promise<OperationRow> {
  const { intentProject, operationID } = input;
  const row = await requireOperation(engine, intentProject, operationID);
  if (row.status === 'PLANNED') throw memberOf(row);
  const running = engine.running.find(operationID);
  if (running !== undefined) {
    await stopRunning(engine, running);
  } else if (waits(row)) {
    await callOff(engine, request, row);
  } else if (row.status !== 'CANCELED') {
    throw notCancelable(row);
  }
  return requireOperation(engine, intentProject, operationID);
}

function memberOf({ id, changeSet = '' }: OperationRow): AppError {
  const message = `operation ${id} waits for its turn in change set ${changeSet}: cancel that`;
  return new AppError('CONFLICT', message, { details: { operation: id, changeSet } });
}

/** Asks more than once: between two calls of an operation there is no provider to be asked. */
export async function stopRunning(engine: Engine, running: RunningOperation): Promise<void> {
  running.cancelRequested = true;
  const deadline = Date.now() + CANCEL_WAIT_MS;
  while (engine.running.has(running.id) && Date.now() < deadline) {
    await engine.domain.executor.cancel(running.id);
    await settleWithin(running.done, CANCEL_AGAIN_MS);
  }
}

function waits({ status, leaseUntil }: OperationRow): boolean {
  return (
    status === 'PENDING_REVIEW' ||
    status === 'AWAITING_CONFIRMATION' ||
    (status === 'QUEUED' && leaseUntil === undefined)
  );
}

function notCancelable({ id, status, finishedAt }: OperationRow): AppError {
  const advice =
    status === 'INTERRUPTED'
      ? 'resume it to find out what was done'
      : finishedAt === undefined
        ? 'another server works on it; ask again in a moment'
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
    await recordAudit(db, engine.domain, request, {
      action: 'intent-resource-operation.cancel',
      affected: { type: 'INTENT_OPERATION', id },
      related: { type: 'INTENT_PROJECT', id: project },
    });
  });
}
