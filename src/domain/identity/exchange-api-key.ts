import { createHash, timingSafeEqual } from 'node:crypto';

import type { Json } from '../../shared/json.ts';
import { AppError } from '../../shared/errors.ts';
import type { Db } from '../../storage/database.ts';
import { type ApiKeyRow, findApiKey, updateApiKey } from '../../storage/identity.ts';
import type { DomainContext, Request } from '../context.ts';
import { type AuditEvent, recordAudit } from '../audit/index.ts';
import { hashSecret } from './api-key-secret.ts';
import { judgeLogin } from '../login/index.ts';
import { isUsable, keyLogin } from './caller-source.ts';
import { openTokenKeys } from './tokens.ts';
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
 * @throws UNAUTHENTICATED, also when the login policies do not let the key in
 */
export async function exchangeApiKey(
  context: DomainContext,
  request: Request,
  { id, secret }: Credential,
): Promise<Exchanged> {
  const key = await context.storage.read((db) => findApiKey(db, id));
  const now = context.clock.now();
  const proof = await prove(context, request, key, secret);
  if (key === undefined || proof === undefined || !isUsable(key, now)) {
    throw new AppError('UNAUTHENTICATED', 'unauthorized: no API key has this id and secret');
  }
  const keys = await openTokenKeys(context);
  const { tokenId, ...token } = await keys.issue(key.id, undefined, { generation: key.generation });
  const expiresAt = new Date(token.validUntil * 1000);
  await judgeLogin(context, request.origin, { kind: 'API_KEY', id: key.id, session: keyLogin(tokenId), expiresAt });
  await context.storage.transaction(async (db) => {
    await updateApiKey(db, key.id, { lastUsedAt: now });
    await record(db, context, request, key, { action: 'api-key.exchange', eventType: 'SIGN_IN', data: proof });
  });
  return { id: key.id, name: key.name, ...token };
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
