import { type Adapter, errors } from 'oidc-provider';

import type { DomainContext } from '../../domain/context.ts';
import { type OAuthPayload, oauthRecords, recordRevocation } from '../../domain/oauth/index.ts';
import type { Origin } from '../../shared/caller.ts';

/** Where the OAuth server keeps things of one kind: in our database, sealed. */
export function createAdapter(context: DomainContext, kind: string): Adapter {
  const records = oauthRecords(context, kind);
  return {
    upsert: (id, payload, expiresIn) => records.save(id, payload, expiresIn),
    find: (id) => records.find(id),
    findByUid: (uid) => records.findByUid(uid),
    findByUserCode: (userCode) => records.findByUserCode(userCode),
    async consume(id) {
      if (await records.consume(id)) return;
      // Two requests at once with one code or refresh token: one of them has stolen it, and nobody knows which.
      await revokeFamily(context, await records.find(id));
      throw new errors.InvalidGrant(`${kind} already used`);
    },
    destroy: (id) => records.remove(id),
    revokeByGrantId: (grantId) => records.removeOfGrant(grantId),
  };
}

async function revokeFamily(context: DomainContext, used: OAuthPayload | undefined): Promise<void> {
  const { grantId, clientId } = used ?? {};
  if (typeof grantId !== 'string') return;
  for (const kind of ['AuthorizationCode', 'RefreshToken']) await oauthRecords(context, kind).removeOfGrant(grantId);
  await oauthRecords(context, 'Grant').remove(grantId);
  recordRevocation(context, nobody, grantId, typeof clientId === 'string' ? clientId : '');
}

/** Which of the two requests was the thief's is not known; the other entries of that moment have both. */
const nobody: Origin = { via: 'SYSTEM', requestId: 'used-twice', remoteAddress: undefined, client: undefined };
