import { AppError, badInput, invariant } from '../../shared/errors.ts';
import { settleWithin } from '../journal/running-operations.ts';
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
export async function startOperation(run: Run, waitSeconds: number | null | undefined): Promise<Run> {
  const waitMs = parseWait(waitSeconds) * 1_000;
  const life = lifeOf(run);
  const confirmed = run.ask.confirmation !== undefined;
  await takeFirstSteps(run, [...life.prepare, writeDown[confirmed ? 'confirmed' : 'new']]);
  return follow(run, confirmed ? life.confirm : life.carryOut, waitMs);
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
  if (decision?.outcome === 'DENIED') throw denied(operation.id, decision.deny);
  if (error === undefined) return;
  if (!(error instanceof AppError)) throw error;
  const resume = operation.status === 'INTERRUPTED' ? `\nOperation ${operation.id} is interrupted: resume it.` : '';
  throw new AppError(error.code, `${error.message}${resume}`, {
    details: { ...error.details, operation: operation.id },
    cause: error,
  });
}

/** Every reason has a line of its own. */
function denied(operation: string, reasons: readonly string[]): AppError {
  const lines = ['the operation is denied by policy:', ...reasons.map((reason) => `- ${reason}`)];
  return new AppError('POLICY_DENIED', lines.join('\n'), { details: { operation, reasons: [...reasons] } });
}
