import { AppError, maskError } from '../shared/errors.ts';
import type { AuditEvent } from '../domain/audit/index.ts';
import { newUlid } from '../shared/ids.ts';
import type { Db } from '../storage/database.ts';
import { markResource, saveResource } from '../storage/resources.ts';
import { moveOperation } from './journal/move-operation.ts';
import { recordRefused } from './journal/record-refused.ts';
import { writeReceipt } from './journal/receipt.ts';
import { isFinal } from './journal/transitions.ts';
import { ProviderError } from './provider/provider-words.ts';
import { fact, type Run, type Step } from './run.ts';
import { giveLockBack } from './steps/hold-lock.ts';
import { problemsJson } from './steps/judge-change.ts';
import { baseRow } from './steps/record-outcome.ts';

/**
 * Takes the steps up to the one that writes the operation down. What goes wrong here leaves an entry in the audit trail
 * and no operation; the caller gets the error.
 */
export async function takeFirstSteps(run: Run, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    await run.engine.beforeStep(step.name, run.facts.operation?.id);
    try {
      await step(run);
    } catch (error) {
      await recordRefused(run.engine.domain, run.request, error, refusalOf(run));
      if (run.lockTaken) await giveLockBack(run.engine, run.request, run.ask.project);
      throw error;
    }
  }
}

function refusalOf({ ask }: Run): AuditEvent {
  return {
    action: `intent-resource.${ask.kind.toLowerCase()}`,
    affected: { type: 'INTENT_RESOURCE', id: ask.resourceID },
    related: { type: 'INTENT_PROJECT', id: ask.project },
    data: { provider: ask.provider, type: ask.type },
  };
}

/**
 * Takes the steps of an operation that is written down. What goes wrong is recorded with it. Never rejects, except when
 * `beforeStep` stops the engine.
 */
export async function takeSteps(run: Run, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (run.stopped) return;
    await run.engine.beforeStep(step.name, run.facts.operation?.id);
    try {
      if (isCancelRequested(run)) await callOff(run);
      else await step(run);
    } catch (error) {
      run.stopped = true;
      await recordFailure(run, error);
    }
  }
}

function isCancelRequested(run: Run): boolean {
  const { id, status } = fact(run, 'operation');
  return run.engine.running.find(id)?.cancelRequested === true && status !== 'APPLYING' && !isFinal(status);
}

async function callOff(run: Run): Promise<void> {
  run.stopped = true;
  const failure = 'called off before anything was changed';
  await moveOperation(run, {
    to: 'CANCELED',
    step: 'cancel',
    changes: { failure },
    also: (db) => writeReceipt(db, run, 'canceled'),
  });
}

async function recordFailure(run: Run, error: unknown): Promise<void> {
  const operation = fact(run, 'operation');
  const { log } = run.engine.domain;
  const masked = maskError(error, operation.id);
  if (masked !== error) log.error({ error, operation: operation.id }, 'an operation failed by a mistake of ours');
  run.error = masked;
  if (error instanceof ProviderError) run.problems.push(...error.problems);
  try {
    await (operation.status === 'APPLYING' && mayHaveActed(error) ? interrupt(run, masked) : fail(run, masked));
  } catch (cause) {
    // The lock or the database is lost: the operation stays as it is until a sweep finds it without a server.
    const { outcome } = run.facts;
    if (outcome !== undefined && outcome.object.value !== null) run.engine.late.keep(operation.id, outcome.object);
    log.error({ error: cause, operation: operation.id }, 'the end of an operation could not be recorded');
  }
}

/** Anything but a clear word that nothing was done counts as a maybe. */
function mayHaveActed(error: unknown): boolean {
  if (!(error instanceof AppError)) return true;
  return error.details['mayHaveActed'] !== false && error.code !== 'CONFLICT';
}

async function fail(run: Run, error: AppError): Promise<void> {
  const { status } = fact(run, 'operation');
  const to = status === 'AWAITING_CONFIRMATION' ? 'CANCELED' : 'FAILED';
  const changes = { failure: error.message, diagnostics: problemsJson(run) };
  const also = (db: Db): Promise<void> => writeReceipt(db, run, 'failed');
  await moveOperation(run, { to, step: 'recordFailure', changes, also, durable: true });
}

/** Nobody knows whether the provider has done it. The operation and the resource say so until somebody finds out. */
async function interrupt(run: Run, error: AppError): Promise<void> {
  const changes = { failure: error.message, diagnostics: problemsJson(run) };
  await moveOperation(run, {
    to: 'INTERRUPTED',
    step: 'recordInterruption',
    changes,
    durable: true,
    also: async (db) => {
      await doubtResource(db, run);
      await writeReceipt(db, run, 'interrupted');
    },
  });
}

async function doubtResource(db: Db, run: Run): Promise<void> {
  const { id, fence } = fact(run, 'project');
  const at = run.engine.domain.clock.now();
  if (run.facts.resource !== undefined) return markResource(db, id, run.ask.resourceID, 'INDETERMINATE', at);
  const row = { ...baseRow(run), id: newUlid(), condition: 'INDETERMINATE' } as const;
  return saveResource(db, row, { project: id, fence });
}
