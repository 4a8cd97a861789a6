import { createHash, createHmac } from 'node:crypto';

import { type Builtin, textOf } from './builtin.ts';

function digest(algorithm: string): Builtin {
  return (text) => createHash(algorithm).update(textOf(text)).digest('hex');
}

function keyedDigest(algorithm: string): Builtin {
  return (text, key) => createHmac(algorithm, textOf(key)).update(textOf(text)).digest('hex');
}

export const cryptoBuiltins = {
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': keyedDigest('md5'),
  'crypto.hmac.sha1': keyedDigest('sha1'),
  'crypto.hmac.sha256': keyedDigest('sha256'),
  'crypto.hmac.sha512': keyedDigest('sha512'),
  // Both texts are the policy's own input, so there is no secret whose comparison could be timed.
  'crypto.hmac.equal': (a, b) => textOf(a) === textOf(b),
} satisfies Record<string, Builtin>;
