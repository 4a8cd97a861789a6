import { randomBytes } from 'node:crypto';

import { ensureSetting } from '../../storage/settings.ts';
import type { DomainContext } from '../context.ts';

/** What the cookies of a sign-in in progress are signed with; the same on every server. */
export async function cookieKeys({ storage }: Pick<DomainContext, 'storage'>): Promise<string[]> {
  const made = randomBytes(32).toString('base64url');
  return [await storage.transaction((db) => ensureSetting(db, 'cookie-key', made))];
}
