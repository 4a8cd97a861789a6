import type { DomainContext } from './context.ts';

export const RIGHTS_CHANNEL = 'rights_changed';

/**
 * To be called after every commit that changes what somebody may do: a key, a role, a binding, a space. Cached callers
 * are dropped here at once, and by the other servers on the same database as soon as they hear of it.
 */
export async function rightsChanged({ rights, storage }: DomainContext): Promise<void> {
  rights.epoch += 1;
  await storage.notify(RIGHTS_CHANNEL, '');
}
