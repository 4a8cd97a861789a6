import { constants, createPublicKey, type KeyObject, verify, X509Certificate } from 'node:crypto';

import { isJsonObject, type Json, type JsonObject } from '../../shared/json.ts';
import { isJsonArray } from '../json-array.ts';
import { undefinedBecause } from './builtin.ts';

/** A key that a token may have been signed with; no key object where its kind cannot verify. */
export interface VerificationKey {
  readonly kid: string;
  readonly alg: string;
  readonly key: KeyObject | undefined;
}

/** Whether a signature is by this key. */
export type Check = (key: KeyObject | undefined, data: Buffer, signature: Buffer) => boolean;

const ALGORITHMS: ReadonlySet<string> = new Set(
  ['RS', 'PS', 'ES', 'HS'].flatMap((family) => ['256', '384', '512'].map((bits) => family + bits)).concat('EdDSA'),
);
const CURVES: readonly unknown[] = ['secp224r1', 'prime256v1', 'secp384r1', 'secp521r1'];
const MIN_RSA_BITS = 1_024; // shorter keys prove nothing
const PEM = /-----BEGIN (CERTIFICATE|PUBLIC KEY)-----\r?\n[\s\S]+?-----END \1-----[ \t]*\r?\n?$/;

/** The keys of a PEM certificate, a PEM public key, a JWK or a set of them. */
export function verificationKeys(text: string): VerificationKey[] {
  if (!text.includes('-----BEGIN ')) return jwksOf(text).flatMap(readJwk);
  const [pem, kind] = PEM.exec(text) ?? [];
  if (pem === undefined) return undefinedBecause('not one certificate or public key');
  const key = parsed(() => (kind === 'CERTIFICATE' ? new X509Certificate(pem).publicKey : createPublicKey(pem)));
  if (key.asymmetricKeyType === 'ec' && !CURVES.includes(key.asymmetricKeyDetails?.namedCurve))
    return undefinedBecause('unknown curve');
  return [{ kid: '', alg: '', key }];
}

function jwksOf(text: string): JsonObject[] {
  const value = parsed(() => JSON.parse(text) as Json); // JSON.parse gives JSON values and nothing else
  if (!isJsonObject(value)) return undefinedBecause('not a key');
  const keys = value['keys'];
  const list = keys === undefined ? [value] : isJsonArray(keys) ? keys : undefinedBecause('keys must be a list');
  return list.map((key) => (isJsonObject(key) ? key : undefinedBecause('not a key')));
}

function readJwk(jwk: JsonObject): VerificationKey[] {
  const { kty, alg = '', kid = '', d } = jwk;
  if (typeof alg !== 'string' || typeof kid !== 'string') return undefinedBecause('not a key');
  const isSecret = kty === 'oct' || d !== undefined; // such a key never verifies, but is one
  const key = isSecret ? undefined : parsed(() => createPublicKey({ key: jwk, format: 'jwk' }));
  return alg !== '' && !ALGORITHMS.has(alg) ? [] : [{ kid, alg, key }];
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch {
    return undefinedBecause('not a key');
  }
}

function rsaCheck(hash: string, padding: number): Check {
  return (key, data, signature) => {
    if (key?.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < MIN_RSA_BITS) return false;
    const options = { key, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO };
    return holds(() => verify(hash, data, options, signature));
  };
}

/** The two halves of the signature are numbers, of any length. */
function ecdsaCheck(hash: string): Check {
  return (key, data, signature) => {
    if (key?.asymmetricKeyType !== 'ec') return false;
    const middle = Math.floor(signature.length / 2);
    const numbers = [signature.subarray(0, middle), signature.subarray(middle)].map(derInteger);
    return holds(() => verify(hash, data, { key, dsaEncoding: 'der' }, der(0x30, Buffer.concat(numbers))));
  };
}

function derInteger(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const plain = start === -1 ? Buffer.of(0) : bytes.subarray(start);
  return der(0x02, (plain[0] ?? 0) > 0x7f ? Buffer.concat([Buffer.of(0), plain]) : plain);
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x1_00 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

function eddsaCheck(key: KeyObject | undefined, data: Buffer, signature: Buffer): boolean {
  return key?.asymmetricKeyType === 'ed25519' && holds(() => verify(null, data, key, signature));
}

function holds(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}

export const checks = {
  rsa: (hash: string) => rsaCheck(hash, constants.RSA_PKCS1_PADDING),
  rsaPss: (hash: string) => rsaCheck(hash, constants.RSA_PKCS1_PSS_PADDING),
  ecdsa: ecdsaCheck,
  eddsa: eddsaCheck,
} as const;
