import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';

import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { ensureSetting, findSetting, lockSetting, saveSetting } from '../../storage/settings.ts';
import type { DomainContext } from '../context.ts';

/** Exactly one algorithm for tokens that this server takes itself, whatever a token says of itself. */
export const SIGNING_ALGORITHM = 'EdDSA';
/** For tokens that others take: what AWS, Azure and Google Cloud have in common. */
export const IDENTITY_ALGORITHM = 'RS256';
const DAY_SECONDS = 24 * 60 * 60;
const KEY_LIFE_SECONDS = 90 * DAY_SECONDS;
const KEPT_KEYS = 2; // the newest and the one before it, whose tokens live on for an hour at the most

interface KeyKind {
  readonly algorithm: string;
  /** A key is published this long before it signs: who verifies keeps what is published for a while. */
  readonly aheadSeconds: number;
}

// Each kind of token has keys of its own, so that none is taken for another.
const kinds = {
  'oauth-signing-keys': { algorithm: SIGNING_ALGORITHM, aheadSeconds: 0 },
  'token-signing-keys': { algorithm: SIGNING_ALGORITHM, aheadSeconds: 0 },
  // Its name is of the time when it was one key, and stayed.
  'identity-token-key': { algorithm: IDENTITY_ALGORITHM, aheadSeconds: 7 * DAY_SECONDS },
} as const satisfies Record<string, KeyKind>;

export type KeySet = keyof typeof kinds;

export interface SigningKey extends JWK {
  readonly kid: string;
  /** Unix seconds. */
  readonly created_at: number;
}

export type KeyContext = Pick<DomainContext, 'storage' | 'clock'>;

/** Private keys, the one to sign with first, sealed in the database. A new one takes over when that is old. */
export async function openSigningKeys({ storage, clock }: KeyContext, set: KeySet): Promise<readonly SigningKey[]> {
  const now = Math.floor(clock.now().getTime() / 1000);
  const keys = parseKeys(await storage.read((db) => findSetting(db, set)));
  return signerFirst(isYoung(keys[0], now) ? keys : await storage.transaction((db) => rotate(db, set, now)), set, now);
}

/** As they are at the moment: another server may have put a new one first. */
export async function publicKeys({ storage }: Pick<KeyContext, 'storage'>, set: KeySet): Promise<JSONWebKeySet> {
  const keys = parseKeys(await storage.read((db) => findSetting(db, set)));
  return { keys: keys.map(publicPart) };
}

// By name, since what is secret of a key depends on its kind.
function publicPart({ kty, crv, x, n, e, kid, alg, use }: JWK): JWK {
  const named = { kty, crv, x, n, e, kid, alg, use };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

/** The newest one that was published for long enough, or else the oldest. */
function signerFirst(keys: readonly SigningKey[], set: KeySet, now: number): readonly SigningKey[] {
  const signer = keys.find(({ created_at: at }) => now - at >= kinds[set].aheadSeconds) ?? keys.at(-1);
  return signer === undefined ? keys : [signer, ...keys.filter((key) => key !== signer)];
}

// Of two servers that come to it at once one makes the key and the other finds it.
async function rotate(db: Db, set: KeySet, now: number): Promise<readonly SigningKey[]> {
  await lockSetting(db, set);
  const keys = parseKeys(await findSetting(db, set));
  if (isYoung(keys[0], now)) return keys;
  const rotated = [await makeKey(kinds[set], now), ...keys].slice(0, KEPT_KEYS);
  const text = JSON.stringify(rotated);
  if (keys.length === 0) return parseKeys(await ensureSetting(db, set, text));
  await saveSetting(db, set, text);
  return rotated;
}

function isYoung(key: SigningKey | undefined, now: number): boolean {
  return key !== undefined && now - key.created_at < KEY_LIFE_SECONDS;
}

async function makeKey({ algorithm }: KeyKind, now: number): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: newUlid(), alg: algorithm, use: 'sig', created_at: now };
}

/** Written by this file, sealed since. A single key is one of before there were several: nobody knows how old it is. */
function parseKeys(text: string | undefined): SigningKey[] {
  const parsed = JSON.parse(text ?? '[]') as SigningKey[] | Omit<SigningKey, 'created_at'>;
  return Array.isArray(parsed) ? parsed : [{ ...parsed, created_at: 0 }];
}
