import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';

export interface Consent {
  readonly clientId: string;
  readonly clientName: string;
  readonly resource: string;
  /** Empty when the person denied. */
  readonly scopes: readonly string[];
}

/** Records what a person has decided about a client. */
export async function recordConsent(context: DomainContext, request: Request, consent: Consent): Promise<void> {
  const { clientId, clientName, resource, scopes } = consent;
  const denied = scopes.length === 0;
  await context.storage.transaction((db) =>
    recordAudit(db, context, request, {
      action: denied ? 'oauth.deny' : 'oauth.consent',
      eventType: denied ? 'REFUSAL' : 'SIGN_IN',
      affected: { type: 'OAUTH_CLIENT', id: clientId },
      data: { name: clientName, resource, scopes: [...scopes] },
    }),
  );
}
