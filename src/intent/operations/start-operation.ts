import { AppError, badInput, invariant } from '../../shared/errors.ts';
import { parseLockWait } from '../../domain/projects/index.ts';
import { waitForLock } from '../steps/hold-lock.ts';
import { settleWithin } from '../journal/running-operations.ts';
import { denied } from '../judgement/denied.ts';
import { fact, type Run, type Step } from '../run.ts';
import { takeFirstSteps, takeSteps } from '../run-steps.ts';
import { type Life, lives, writeDown } from './lives.ts';

const MAX_WAIT_SECONDS = 50; // proxies and clients give up on a request after a minute

/**
 * Starts an operation and waits for it as long as the caller wants to. It goes on in this process when the caller no
 * longer waits.
 *
 * @throws whatever kept it from being written down, and what made it fail while the caller waited
 */
export async function startOperation(run: Run, waits: Waits): Promise<Run> {
  const time = timeFor(waits);
  const life = lifeOf(run);
  const confirmed = run.ask.confirmation !== undefined;
  const record = writeDown[confirmed ? 'confirmed' : 'new'];
  await takeFirstSteps(run, [...inLine(time), ...life.prepare, record]);
  return follow(run, confirmed ? life.confirm : life.carryOut, time.leftMs());
}

/** Takes the steps in the background and waits. */
export async function follow(run: Run, steps: readonly Step[], waitMs: number): Promise<Run> {
  const { id, project } = fact(run, 'operation');
  const { running, domain } = run.engine;
  const work = takeSteps(run, steps)
    .catch((error: unknown) => {
      run.error = error instanceof Error ? error : new Error('the engine was stopped');
      domain.log.error({ error, operation: id }, 'the engine was stopped in the middle of an operation');
    })
    .finally(() => running.remove(id));
  running.add({ id, project, fence: fact(run, 'project').fence, done: work, cancelRequested: false });
  await settleWithin(work, waitMs);
  if (!running.has(id)) throwFailure(run);
  return run;
}

function lifeOf({ ask }: Run): Life {
  const { kind } = ask;
  invariant(kind !== 'READ', `an operation of kind ${kind} has no life of its own`);
  const life = lives[kind];
  if (ask.confirmation !== undefined && life.confirm.length === 0) {
    throw badInput('confirmation', 'nothing is destroyed by this call, so there is nothing to confirm');
  }
  return life;
}

/** How long a caller waits: in line for the project's lock, and for the end. */
export interface Waits {
  readonly wait?: number | null | undefined;
  readonly lockWait?: number | null | undefined;
}

interface Time {
  readonly lockWaitMs: number;
  /** How much of the wait for the end is left. */
  readonly leftMs: () => number;
}

/** Both waits together are no longer than one may be, or the client gives up before it has its answer. */
export function timeFor({ wait, lockWait }: Waits): Time {
  const waitMs = parseWait(wait) * 1_000;
  const lockWaitMs = parseLockWait(lockWait);
  const end = performance.now() + MAX_WAIT_SECONDS * 1_000;
  return { lockWaitMs, leftMs: () => Math.max(0, Math.min(waitMs, end - performance.now())) };
}

/** The step of a caller who waits in line; none for all others. */
export function inLine({ lockWaitMs }: Time): Step[] {
  return lockWaitMs === 0 ? [] : [waitForLock(lockWaitMs)];
}

export function parseWait(seconds: number | null | undefined): number {
  if (seconds === null || seconds === undefined) return MAX_WAIT_SECONDS;
  if (seconds >= 0 && seconds <= MAX_WAIT_SECONDS) return seconds;
  throw badInput('wait', `must be from 0 to ${MAX_WAIT_SECONDS} seconds`);
}

/** A caller who waited to a bad end is told by an error; the operation is named in it. */
function throwFailure(run: Run): void {
  const operation = fact(run, 'operation');
  const { error } = run;
  const { decision } = run.facts;
  if (decision?.outcome === 'DENIED') throw denied('operation', decision.deny, { operation: operation.id });
  if (error === undefined) return;
  if (!(error instanceof AppError)) throw error;
  const resume = operation.status === 'INTERRUPTED' ? `\nOperation ${operation.id} is interrupted: resume it.` : '';
  throw new AppError(error.code, `${error.message}${resume}`, {
    details: { ...error.details, operation: operation.id },
    cause: error,
  });
}
