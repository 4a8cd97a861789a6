import { exportJWK, generateKeyPair, type JSONWebKeySet, type JWK } from 'jose';

import { newUlid } from '../../shared/ids.ts';
import type { Db } from '../../storage/database.ts';
import { ensureSetting, findSetting, lockSetting, saveSetting } from '../../storage/settings.ts';
import type { DomainContext } from '../context.ts';

/** Exactly one algorithm, whatever a token says of itself. */
export const SIGNING_ALGORITHM = 'EdDSA';
const KEY_LIFE_DAYS = 90;
const KEPT_KEYS = 2; // the one that signs and the one before it, whose tokens live on for an hour at the most
const DAY_SECONDS = 24 * 60 * 60;

/** Each kind of token has keys of its own, so that none is taken for another. */
export type KeySet = 'oauth-signing-keys' | 'token-signing-keys';

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
  return isYoung(keys[0], now) ? keys : storage.transaction((db) => rotate(db, set, now));
}

/** As they are at the moment: another server may have put a new one first. */
export async function publicKeys({ storage }: KeyContext, set: KeySet): Promise<JSONWebKeySet> {
  const keys = parseKeys(await storage.read((db) => findSetting(db, set)));
  return { keys: keys.map(({ d: _secret, ...jwk }) => jwk) };
}

// Of two servers that come to it at once one makes the key and the other finds it.
async function rotate(db: Db, set: KeySet, now: number): Promise<readonly SigningKey[]> {
  await lockSetting(db, set);
  const keys = parseKeys(await findSetting(db, set));
  if (isYoung(keys[0], now)) return keys;
  const rotated = [await makeKey(now), ...keys].slice(0, KEPT_KEYS);
  const text = JSON.stringify(rotated);
  if (keys.length === 0) return parseKeys(await ensureSetting(db, set, text));
  await saveSetting(db, set, text);
  return rotated;
}

function isYoung(key: SigningKey | undefined, now: number): boolean {
  return key !== undefined && now - key.created_at < KEY_LIFE_DAYS * DAY_SECONDS;
}

async function makeKey(now: number): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: newUlid(), alg: SIGNING_ALGORITHM, use: 'sig', created_at: now };
}

// Written by this file, sealed since.
const parseKeys = (text: string | undefined): SigningKey[] => JSON.parse(text ?? '[]') as SigningKey[];
