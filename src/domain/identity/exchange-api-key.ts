import { createHash, timingSafeEqual } from 'node:crypto';

import { AppError } from '../../shared/errors.ts';
import { findApiKey, updateApiKey } from '../../storage/identity.ts';
import type { DomainContext, Request } from '../context.ts';
import { recordAudit } from '../audit/index.ts';
import { isUsable } from './caller-source.ts';
import { openTokenKeys } from './tokens.ts';

export interface Exchanged {
  readonly id: string;
  readonly name: string;
  readonly jwt: string;
  /** Unix seconds. */
  readonly validUntil: number;
}

/** Of a secret that nobody has: compared with when there is no such key, so that the time tells nothing. */
const NO_HASH = createHash('sha256').update('').digest();

export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/**
 * Exchanges a key's id and secret for a bearer token. An unknown id, a wrong secret and an ended key answer alike.
 *
 * @throws UNAUTHENTICATED
 */
export async function exchangeApiKey(
  context: DomainContext,
  request: Request,
  { id, secret }: { readonly id: string; readonly secret: string },
): Promise<Exchanged> {
  const key = await context.storage.read((db) => findApiKey(db, id));
  const now = context.clock.now();
  const matches = timingSafeEqual(hashSecret(secret), key?.secretHash ?? NO_HASH);
  if (key === undefined || !matches || !isUsable(key, now)) {
    throw new AppError('UNAUTHENTICATED', 'unauthorized: no API key has this id and secret');
  }
  const token = await (await openTokenKeys(context)).issue(key.id);
  const caller = { ...request.caller, principal: { kind: 'API_KEY', id: key.id, name: key.name } } as const;
  await context.storage.transaction(async (db) => {
    await updateApiKey(db, key.id, { lastUsedAt: now });
    const affected = { type: 'API_KEY', id: key.id };
    await recordAudit(
      db,
      context,
      { ...request, caller },
      { action: 'api-key.exchange', eventType: 'SIGN_IN', affected },
    );
  });
  return { id: key.id, name: key.name, ...token };
}
