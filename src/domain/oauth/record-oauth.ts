import type { Origin } from '../../shared/caller.ts';
import { anonymous } from '../../shared/caller.ts';
import { storableText } from '../../shared/json.ts';
import { insertOAuthGrant, type OAuthGrantRow } from '../../storage/oauth-grants.ts';
import { findUser } from '../../storage/people.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';

/** How long a consent holds; then people consent anew. */
export const GRANT_SECONDS = 90 * 24 * 60 * 60;
const MAX_CLIENT_NAME = 200; // the client chooses it

export interface Consent {
  readonly clientId: string;
  readonly clientName: string;
  readonly resource: string;
  /** Empty when the person denied. */
  readonly scopes: readonly string[];
  /** What came of it; undefined when the person denied. */
  readonly grantId: string | undefined;
}

/** Records what a person has decided about a client, and lists the new session among theirs. */
export async function recordConsent(context: DomainContext, request: Request, consent: Consent): Promise<void> {
  const { clientId, clientName, resource, scopes, grantId } = consent;
  const denied = grantId === undefined;
  await context.storage.transaction(async (db) => {
    if (grantId !== undefined) await insertOAuthGrant(db, newGrant(context, request, consent, grantId));
    await recordAudit(db, context, request, {
      action: denied ? 'oauth.deny' : 'oauth.consent',
      eventType: denied ? 'REFUSAL' : 'SIGN_IN',
      affected: { type: 'OAUTH_CLIENT', id: clientId },
      data: { name: clientName, resource, scopes: [...scopes] },
    });
  });
}

function newGrant(
  { clock }: DomainContext,
  { caller, origin }: Request,
  { clientId, clientName, resource, scopes }: Consent,
  id: string,
): OAuthGrantRow {
  const createdAt = clock.now();
  return {
    id,
    userId: caller.principal.id,
    clientId,
    clientName: storableText(clientName.slice(0, MAX_CLIENT_NAME)),
    resource,
    scopes: [...scopes],
    remoteAddress: origin.remoteAddress,
    createdAt,
    lastUsedAt: undefined,
    expiresAt: new Date(createdAt.getTime() + GRANT_SECONDS * 1000),
  };
}

export interface TokenEvent {
  readonly userId: string;
  readonly clientId: string;
  /** `authorization_code` or `refresh_token`. */
  readonly grantType: string;
  readonly scope: string;
  readonly resource: string;
}

/** Records that a client was given tokens in somebody's name. */
export function recordToken(context: DomainContext, origin: Origin, event: TokenEvent): void {
  const { userId, clientId, grantType, scope, resource } = event;
  context.storage
    .transaction(async (db) => {
      const user = await findUser(db, userId);
      const principal = { kind: 'USER', id: userId, name: user?.username ?? userId } as const;
      const request = { caller: { ...anonymous, principal }, origin };
      const affected = { type: 'OAUTH_CLIENT', id: clientId };
      const data = { grant: grantType, scope, resource };
      await recordAudit(db, context, request, { action: 'oauth.token', eventType: 'SIGN_IN', affected, data });
    })
    .catch((error: unknown) => context.log.error({ err: error, clientId }, 'a token could not be recorded'));
}

/** Records that what a person had consented to was taken back: given back by its client, or used twice. */
export function recordRevocation(context: DomainContext, origin: Origin, grantId: string, clientId: string): void {
  context.storage
    .transaction((db) =>
      recordAudit(
        db,
        context,
        { caller: anonymous, origin },
        {
          action: 'oauth.revoke',
          eventType: 'SYSTEM',
          affected: { type: 'OAUTH_CLIENT', id: clientId },
          related: { type: 'OAUTH_GRANT', id: grantId },
        },
      ),
    )
    .catch((error: unknown) => context.log.error({ err: error, clientId }, 'a revocation could not be recorded'));
}
