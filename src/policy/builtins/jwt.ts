import { createHmac, timingSafeEqual } from 'node:crypto';

import { type Builtin, textOf, undefinedBecause } from './builtin.ts';
import { parseRego } from './parse-rego.ts';
import { isRegoArray, RegoObject, type RegoValue } from './rego-value.ts';
import { type Check, checks, verificationKeys } from './jwt-keys.ts';

interface Token {
  /** As they were encoded: what is signed. */
  readonly signed: string;
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
}

function tokenOf(value: RegoValue | undefined): Token {
  const parts = textOf(value).split('.');
  const [header = '', payload = '', signature = ''] = parts;
  if (parts.length !== 3) return undefinedBecause('a token has three parts');
  return { signed: `${header}.${payload}`, header, payload, signature };
}

/** Padding may be left out altogether; line ends inside are passed over. */
function decode(part: string): Buffer {
  const rest = part.length % 4;
  const padded =
    part.endsWith('=') || rest === 0
      ? part
      : rest === 1
        ? undefinedBecause('not base64url')
        : part.padEnd(part.length + 4 - rest, '=');
  const text = padded.replaceAll(/[\r\n]/g, '');
  if (text.length % 4 !== 0 || !/^[\w-]*={0,2}$/.test(text)) return undefinedBecause('not base64url');
  return Buffer.from(text, 'base64url');
}

function objectOf(part: string): RegoObject {
  const text = decode(part).toString('utf8');
  try {
    JSON.parse(text);
  } catch {
    return undefinedBecause('not JSON');
  }
  // Our reader knows numbers of any size, but no blanks other than single ones.
  const value = parseRego(text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1'));
  return value instanceof RegoObject ? value : undefinedBecause('not an object');
}

function headerOf({ header }: Token): RegoObject {
  const object = objectOf(header);
  return object.get('enc') === undefined ? object : undefinedBecause('encrypted tokens are not read');
}

const decodeToken: Builtin = (value) => {
  const token = tokenOf(value);
  const header = headerOf(token);
  const contentType = header.get('cty');
  if (contentType === 'JWT') {
    const inner = decode(token.payload).toString('utf8');
    return decodeToken(inner.replaceAll(/^["']+|["']+$/g, ''));
  }
  if (contentType !== undefined) textOf(contentType);
  return [header, objectOf(token.payload), decode(token.signature).toString('hex')];
};

/** The parts of a header that have a form. */
function readHeader(token: Token): { alg: string; kid: string } {
  const header = headerOf(token);
  const text = (name: string): string => {
    const value = header.get(name);
    return value === undefined ? '' : textOf(value);
  };
  const critical = header.get('crit');
  const isList = critical !== undefined && isRegoArray(critical) && typeof critical[0] === 'string';
  if (critical !== undefined && !isList) return undefinedBecause('crit must be a list');
  text('typ');
  text('cty');
  return { alg: text('alg'), kid: text('kid') };
}

/** A key of the same id is the only one that counts; else each that is for the same algorithm, or for any. */
function verify(check: Check): Builtin {
  return (value, keyText) => {
    const token = tokenOf(value);
    const keys = verificationKeys(textOf(keyText));
    const signature = decode(token.signature);
    const { alg, kid } = readHeader(token);
    const data = Buffer.from(token.signed);
    const named = kid === '' ? undefined : keys.find((key) => key.kid === kid);
    if (named !== undefined) return check(named.key, data, signature);
    return keys.some((key) => (key.alg === '' || key.alg === alg) && check(key.key, data, signature));
  };
}

function verifySecret(hash: string): Builtin {
  return (value, secret) => {
    const token = tokenOf(value);
    const mac = createHmac(hash, textOf(secret)).update(token.signed).digest();
    const signature = decode(token.signature);
    return signature.length === mac.length && timingSafeEqual(signature, mac);
  };
}

export const jwtBuiltins = {
  'io.jwt.decode': decodeToken,
  'io.jwt.verify_hs256': verifySecret('sha256'),
  'io.jwt.verify_hs384': verifySecret('sha384'),
  'io.jwt.verify_hs512': verifySecret('sha512'),
  'io.jwt.verify_rs256': verify(checks.rsa('sha256')),
  'io.jwt.verify_rs384': verify(checks.rsa('sha384')),
  'io.jwt.verify_rs512': verify(checks.rsa('sha512')),
  'io.jwt.verify_ps256': verify(checks.rsaPss('sha256')),
  'io.jwt.verify_ps384': verify(checks.rsaPss('sha384')),
  'io.jwt.verify_ps512': verify(checks.rsaPss('sha512')),
  'io.jwt.verify_es256': verify(checks.ecdsa('sha256')),
  'io.jwt.verify_es384': verify(checks.ecdsa('sha384')),
  'io.jwt.verify_es512': verify(checks.ecdsa('sha512')),
  'io.jwt.verify_eddsa': verify(checks.eddsa),
} satisfies Record<string, Builtin>;
