import { newConfirmationToken } from '../journal/confirmation-token.ts';
import { moveOperation } from '../journal/move-operation.ts';
import { isDestructive } from '../plan/plan-action.ts';
import { fact, type Run } from '../run.ts';
import { releaseWhileWaiting } from './hold-lock.ts';

/**
 * Stops where the plan destroys or forgets something, until the caller confirms that plan. The token goes to this caller
 * only and can be used once. Where the project asks for a person, no token is made: a person lets the operation through.
 */
export async function awaitConfirmation(run: Run): Promise<void> {
  const { kind } = run.ask;
  const { action } = fact(run, 'change').planned;
  if (kind !== 'EJECT' && !isDestructive(action)) return;
  const { token, hash } = newConfirmationToken();
  const byPerson = fact(run, 'project').confirmation !== 'TOKEN';
  const until = new Date(run.engine.domain.clock.now().getTime() + run.engine.limits.confirmationMs);
  run.stopped = true;
  run.token = byPerson ? undefined : token;
  await moveOperation(run, {
    to: 'AWAITING_CONFIRMATION',
    step: 'awaitConfirmation',
    changes: { confirmationHash: byPerson ? undefined : hash, confirmationUntil: until },
    also: (db) => releaseWhileWaiting(db, run),
  });
}
