import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

import { badInput } from '../../shared/errors.ts';
import type { Storage } from '../../storage/database.ts';
import { ensureSetting, findSetting } from '../../storage/settings.ts';
import { type Checkpoint, type CheckpointStatement, statementText } from './checkpoint.ts';

const SETTING = 'audit-checkpoint-key';

/** What a checkpoint is checked with; may be known to everybody. */
export interface CheckpointPublicKey {
  readonly keyId: string;
  /** For publishing, with the key id as `kid`. */
  readonly jwk: Readonly<Record<string, string>>;
  /** Whether this key has signed the checkpoint as it is. */
  verifies(checkpoint: Checkpoint): boolean;
}

export interface CheckpointKey extends CheckpointPublicKey {
  sign(statement: CheckpointStatement): Checkpoint;
}

/**
 * The Ed25519 key of the account, made at the first start. It lies in the database sealed: who has the database and not
 * the key file cannot sign with it.
 */
export async function openCheckpointKey({ storage }: { readonly storage: Storage }): Promise<CheckpointKey> {
  const stored = await storage.read((db) => findSetting(db, SETTING));
  const text = stored ?? (await storage.transaction((db) => ensureSetting(db, SETTING, makeKey())));
  const privateKey = createPrivateKey({ key: parseStored(text), format: 'jwk' });
  const publicKey = createPublicKey(privateKey);
  const shown = publicKeyOf(publicKey);
  return {
    ...shown,
    sign(statement) {
      const signature = sign(null, Buffer.from(statementText(statement)), privateKey).toString('base64url');
      return { ...statement, keyId: shown.keyId, signature };
    },
  };
}

function makeKey(): string {
  return JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }));
}

// Written by this file, sealed since.
const parseStored = (text: string): JsonWebKey => JSON.parse(text) as JsonWebKey;

/**
 * Reads a public key that was kept elsewhere, as `audit key` prints it and as it is published.
 *
 * @throws BAD_INPUT
 */
export function parsePublicKey(text: string): CheckpointPublicKey {
  try {
    const given = JSON.parse(text) as { readonly keys?: readonly JsonWebKey[] } & JsonWebKey;
    const key = createPublicKey({ key: given.keys?.[0] ?? given, format: 'jwk' });
    if (key.asymmetricKeyType === 'ed25519') return publicKeyOf(key);
  } catch {
    // Said below, the same for every reason.
  }
  throw badInput('key', 'the file holds no Ed25519 key; `audit key` prints it');
}

function publicKeyOf(key: KeyObject): CheckpointPublicKey {
  const { x = '' } = key.export({ format: 'jwk' });
  const keyId = createHash('sha256').update(x).digest('base64url').slice(0, 16);
  return {
    keyId,
    jwk: { kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: keyId, x },
    verifies: (checkpoint) =>
      checkpoint.keyId === keyId &&
      verify(null, Buffer.from(statementText(checkpoint)), key, Buffer.from(checkpoint.signature, 'base64url')),
  };
}
