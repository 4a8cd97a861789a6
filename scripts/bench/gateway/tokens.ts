// A thousand callers, each with a token of their own and with rights that no other has.
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export const TOKEN_COUNT = 1_000;
const SPACES = 7;
const EXTRA_SPACES = 10; // 2 to the 10th: enough combinations for every caller to differ

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function makeKeys(): Keys {
  return generateKeyPairSync('ed25519');
}

/** Keys from a seed file text, so that the load and the server share them. */
export function readKeys(pem: string): Keys {
  return { privateKey: createPrivateKey(pem), publicKey: createPublicKey(pem) };
}

export function makeTokens({ privateKey }: Keys): string[] {
  const expires = Math.floor(Date.now() / 1000) + 3_600;
  return Array.from({ length: TOKEN_COUNT }, (_, number) => {
    const head = encode({ alg: 'EdDSA', typ: 'JWT', kid: 'bench' });
    const claims = encode({
      iss: 'bench',
      aud: 'bench',
      sub: `caller-${number}`,
      exp: expires,
      spaces: spacesOf(number),
    });
    const signature = sign(undefined, Buffer.from(`${head}.${claims}`), privateKey).toString('base64url');
    return `${head}.${claims}.${signature}`;
  });
}

export function spacesOf(number: number): string[] {
  const extra = Array.from({ length: EXTRA_SPACES }, (_, bit) => bit).filter((bit) => ((number >> bit) & 1) === 1);
  return [...Array.from({ length: SPACES }, (_, team) => `team-${team}`), ...extra.map((bit) => `extra-${bit}`)];
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
