import { AppError, badInput } from '../../shared/errors.ts';
import { unixSeconds } from '../../shared/clock.ts';
import { findApiKey } from '../../storage/identity.ts';
import { recordAudit } from '../audit/index.ts';
import type { DomainContext, Request } from '../context.ts';
import type { Exchanged } from './exchange-api-key.ts';
import { grantOf } from './grant-is-alive.ts';
import { parseScopes } from './parse-scopes.ts';
import { createTokenKeys, type IssuedToken, TOKEN_SECONDS, type TokenLimits } from './tokens.ts';

const KEY = 'key:';
const CLI = 'cli:';

export interface Narrowing {
  readonly scopes?: readonly string[] | null | undefined;
  readonly ttlSeconds?: number | null | undefined;
}

/**
 * A token that can do less than the caller's own, for something that needs less. It ends with the caller's at the latest,
 * and at once with what the caller signed in by.
 *
 * @throws FORBIDDEN for an assistant, whose model would see the token, and for a personal token, which is narrow already
 */
export async function narrowToken(
  context: DomainContext,
  request: Request,
  { scopes: wanted, ttlSeconds }: Narrowing,
): Promise<Exchanged> {
  const { caller } = request;
  if (request.origin.via === 'MCP') {
    throw new AppError('FORBIDDEN', 'unauthorized: an assistant cannot make tokens; make one through the GraphQL API');
  }
  const scopes = parseScopes(wanted ?? [...caller.scopes], caller);
  const token = await issue(context, request, { scopes, lifeSeconds: parseLife(context, request, ttlSeconds) });
  const { id, name, kind } = caller.principal;
  await context.storage.transaction((db) =>
    recordAudit(db, context, request, {
      action: 'token.narrow',
      eventType: 'SIGN_IN',
      affected: { type: kind, id },
      data: { scopes, validUntil: token.validUntil },
    }),
  );
  return { id, name, ...token };
}

function parseLife({ clock }: DomainContext, { caller }: Request, given: number | null | undefined): number {
  if (given != null && (given < 1 || given > TOKEN_SECONDS)) {
    throw badInput('ttlSeconds', `must be from 1 to ${TOKEN_SECONDS}`);
  }
  const left = Math.floor((caller.endsAtMs ?? 0) / 1000) - unixSeconds(clock.now());
  return Math.max(0, Math.min(given ?? TOKEN_SECONDS, left));
}

async function issue(context: DomainContext, { caller }: Request, limits: TokenLimits): Promise<IssuedToken> {
  const { principal, session } = caller;
  const keys = createTokenKeys(context);
  if (session.startsWith(CLI)) return keys.issue(principal.id, session.slice(CLI.length), limits);
  if (grantOf(session) !== undefined) return keys.issue(principal.id, session, limits);
  const key = session.startsWith(KEY) ? await context.storage.read((db) => findApiKey(db, principal.id)) : undefined;
  if (key !== undefined) return keys.issue(key.id, undefined, { ...limits, generation: key.generation });
  throw new AppError(
    'FORBIDDEN',
    'unauthorized: a personal access token cannot be narrowed; make another one with fewer scopes',
  );
}
