import type { IncomingMessage } from 'node:http';

import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';

import type { DomainContext } from '../../domain/context.ts';
import { recordRevocation, recordToken } from '../../domain/oauth/index.ts';
import type { Origin } from '../../shared/caller.ts';

/** Puts what the OAuth server gives out and takes back into the audit trail. */
export function recordEvents(
  provider: Provider,
  context: DomainContext,
  originOf: (request: IncomingMessage) => Origin,
): void {
  provider.on('grant.success', (ctx: KoaContextWithOIDC) => {
    const { AccessToken: token, Client: client } = ctx.oidc.entities;
    if (token === undefined || client === undefined) return;
    recordToken(context, originOf(ctx.req), {
      userId: token.accountId,
      clientId: client.clientId,
      grantType: token.gty ?? '',
      scope: token.scope ?? '',
      resource: String(token.aud),
    });
  });
  provider.on('grant.revoked', (ctx: KoaContextWithOIDC, grantId: string) => {
    recordRevocation(context, originOf(ctx.req), grantId, ctx.oidc.client?.clientId ?? '');
  });
  provider.on('server_error', (_ctx: KoaContextWithOIDC, error: Error) => {
    context.log.error({ err: error }, 'the OAuth server failed');
  });
}
