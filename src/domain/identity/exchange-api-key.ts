import { createHash, timingSafeEqual } from 'node:crypto';

import type { Json } from '../../shared/json.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ApiKeyRow, findApiKey, updateApiKey } from '../../storage/identity.ts';
import type { DomainContext, Request } from '../context.ts';
import { type AuditEvent, recordAudit } from '../audit/index.ts';
import { hashSecret } from './api-key-secret.ts';
import type { Counted } from '../failure-limit.ts';
import { judgeLogin } from '../login/index.ts';
import { isUsable, keyLogin } from './caller-source.ts';
import { createTokenKeys } from './tokens.ts';
import { verifyWorkloadToken } from './verify-workload-token.ts';

export interface Exchanged {
  readonly id: string;
  readonly name: string;
  readonly jwt: string;
  /** Unix seconds. */
  readonly validUntil: number;
}

export interface Credential {
  readonly id: string;
  /** The key's secret; for a key of type OIDC a token of its issuer. */
  readonly secret: string;
}

/** Of a secret that nobody has: compared with when there is no such key, so that the time tells nothing. */
const NO_HASH = createHash('sha256').update('').digest();

/**
 * Exchanges a key's id and secret for a bearer token. An unknown id, a wrong secret, a token that does not fit and an
 * ended key answer alike; the audit trail and the log say more.
 *
 * @throws UNAUTHENTICATED, also when the login policies do not let the key in; RATE_LIMITED after too many failures
 */
export async function exchangeApiKey(
  context: DomainContext,
  request: Request,
  { id, secret }: Credential,
): Promise<Exchanged> {
  const wasGood = context.keyFailures.begin(countedFor(id, request.origin.remoteAddress ?? ''));
  const key = await context.storage.read((db) => findApiKey(db, id));
  const now = context.clock.now();
  const proof = await prove(context, request, key, secret);
  if (key === undefined || proof === undefined || !isUsable(key, now)) {
    if (key?.oidc === undefined) recordFailure(context, request, key);
    throw new AppError('UNAUTHENTICATED', 'unauthorized: no API key has this id and secret');
  }
  wasGood();
  const keys = createTokenKeys(context);
  const { tokenId, ...token } = await keys.issue(key.id, undefined, { generation: key.generation });
  const expiresAt = new Date(token.validUntil * 1000);
  await judgeLogin(context, request.origin, { kind: 'API_KEY', id: key.id, session: keyLogin(tokenId), expiresAt });
  await context.storage.transaction(async (db) => {
    await updateApiKey(db, key.id, { lastUsedAt: now });
    await record(db, context, request, key, { action: 'api-key.exchange', eventType: 'SIGN_IN', data: proof });
  });
  return { id: key.id, name: key.name, ...token };
}

// A secret of 32 random bytes is never guessed: this keeps the attempts from costing much. Whoever knows only the id of a
// key cannot keep its owner out from elsewhere, so the id alone has no limit; attempts at one time count until they end.
const LIMITS = { both: 100, address: 1_000 } as const;

function countedFor(id: string, address: string): readonly Counted[] {
  return [
    { id: `both ${address} ${id.slice(0, 100)}`, limit: LIMITS.both },
    { id: `address ${address}`, limit: LIMITS.address },
  ];
}

/** Only for keys that exist, as with people; nobody waits for it, so that the time tells nothing. */
function recordFailure(context: DomainContext, request: Request, key: ApiKeyRow | undefined): void {
  if (key === undefined) return;
  const why = isUsable(key, context.clock.now()) ? 'the secret is wrong' : 'the key has ended';
  context.storage
    .transaction((db) =>
      record(db, context, request, key, { action: 'api-key.exchange-refused', eventType: 'REFUSAL', data: { why } }),
    )
    .catch((error: unknown) => context.log.error({ err: error }, 'a refused key could not be recorded'));
}

/** What the trail shall say of it; undefined when it is no proof. */
type Proof = Readonly<Record<string, Json>> | undefined;

async function prove(
  context: DomainContext,
  request: Request,
  key: ApiKeyRow | undefined,
  secret: string,
): Promise<Proof> {
  const hash = hashSecret(secret);
  const matches = timingSafeEqual(hash, key?.secretHash ?? NO_HASH);
  const matchesPrevious = timingSafeEqual(hash, key?.previousSecretHash ?? NO_HASH);
  if (key === undefined) return undefined;
  if (key.oidc !== undefined) return proveByToken(context, request, key, secret);
  if (matches && key.secretHash !== undefined) return {};
  const until = key.previousSecretUntil;
  const isGrace = until !== undefined && until > context.clock.now() && key.previousSecretHash !== undefined;
  return matchesPrevious && isGrace ? { previousSecret: true } : undefined;
}

async function proveByToken(context: DomainContext, request: Request, key: ApiKeyRow, token: string): Promise<Proof> {
  if (key.oidc === undefined || !isUsable(key, context.clock.now())) return undefined;
  const proof = await verifyWorkloadToken(context, key.oidc, token);
  if (proof.proved) return { subject: proof.subject, claims: proof.claims };
  context.log.info({ key: key.id, why: proof.why }, 'a token for an API key was refused');
  // Only what the issuer has signed: anybody can send other texts, in any number, and the trail is kept for ever.
  if (proof.genuine) {
    const event = { action: 'api-key.exchange-refused', eventType: 'REFUSAL', data: { why: proof.why } } as const;
    await context.storage.transaction((db) => record(db, context, request, key, event));
  }
  return undefined;
}

function record(
  db: Db,
  context: DomainContext,
  request: Request,
  key: ApiKeyRow,
  event: Pick<AuditEvent, 'action' | 'eventType' | 'data'>,
): Promise<void> {
  const caller = { ...request.caller, principal: { kind: 'API_KEY', id: key.id, name: key.name } } as const;
  const affected = { type: 'API_KEY', id: key.id };
  return recordAudit(db, context, { ...request, caller }, { ...event, affected });
}
