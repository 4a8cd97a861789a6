import { createLocalJWKSet, type JSONWebKeySet, type JWK, type JWTVerifyGetKey } from 'jose';
import { LRUCache } from 'lru-cache';

import type { Outbound } from '../../outbound/index.ts';
import type { Clock } from '../../shared/clock.ts';
import { AppError } from '../../shared/errors.ts';

/** The public keys of other servers, read through the one way out and kept for a while. */
export interface IssuerKeys {
  /** Finds the key that a token of that issuer is signed with. @throws AppError UNAVAILABLE, BAD_INPUT */
  keysOf(issuer: string): Promise<JWTVerifyGetKey>;
  /** Forgets what is known of an issuer, because a token names a key that is not there; not more often than it may. */
  renew(issuer: string): boolean;
}

const KEEP_MS = 10 * 60_000; // a key that an issuer takes back is believed for so long at the most
const RENEW_MS = 30_000; // strangers may send tokens with made-up key ids in any number
const FAILURE_MS = 10_000;
const MAX_ISSUERS = 200;
const REQUEST = { timeoutMs: 5_000, maxBytes: 200_000, maxRedirects: 0, headers: { accept: 'application/json' } };

interface Known {
  readonly keys: Promise<JWTVerifyGetKey>;
  readonly readAtMs: number;
  failed: boolean;
}

export function createIssuerKeys({ outbound, clock }: { outbound: Outbound; clock: Clock }): IssuerKeys {
  const issuers = new LRUCache<string, Known>({ max: MAX_ISSUERS });
  const read = (issuer: string, nowMs: number): Known => {
    const known: Known = { keys: readKeys(outbound, issuer), readAtMs: nowMs, failed: false };
    known.keys.catch(() => (known.failed = true));
    issuers.set(issuer, known);
    return known;
  };
  return {
    keysOf(issuer) {
      const nowMs = clock.now().getTime();
      const known = issuers.get(issuer);
      const fresh = known !== undefined && nowMs - known.readAtMs < (known.failed ? FAILURE_MS : KEEP_MS);
      return (fresh ? known : read(issuer, nowMs)).keys;
    },
    renew(issuer) {
      const nowMs = clock.now().getTime();
      const known = issuers.get(issuer);
      if (known !== undefined && nowMs - known.readAtMs < RENEW_MS) return false;
      issuers.delete(issuer);
      return true;
    },
  };
}

/** Source: OpenID Connect Discovery 1.0, section 4. */
async function readKeys(outbound: Outbound, issuer: string): Promise<JWTVerifyGetKey> {
  const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
  const metadata = await readJson(outbound, `${base}/.well-known/openid-configuration`);
  // The document must speak for the issuer that was asked, or another server could lend it its keys.
  if (metadata['issuer'] !== issuer) throw unusable(issuer, 'its metadata names another issuer');
  const address = metadata['jwks_uri'];
  if (typeof address !== 'string') throw unusable(issuer, 'its metadata names no jwks_uri');
  const { keys } = await readJson(outbound, address);
  if (!Array.isArray(keys)) throw unusable(issuer, 'its key set holds no keys');
  return createLocalJWKSet(asKeySet(keys.filter(isSigningKey)));
}

async function readJson(outbound: Outbound, url: string): Promise<Record<string, unknown>> {
  const { status, body } = await outbound.get(url, REQUEST);
  if (status !== 200) throw unusable(url, `it answers with ${status}`);
  try {
    const parsed: unknown = JSON.parse(Buffer.from(body).toString());
    if (typeof parsed === 'object' && parsed !== null) return { ...parsed };
  } catch {
    // said below
  }
  throw unusable(url, 'it does not answer with a JSON object');
}

/** Public keys for signatures only: never a shared secret, which an issuer has no business to publish. */
function isSigningKey(key: unknown): boolean {
  if (typeof key !== 'object' || key === null || !('kty' in key)) return false;
  if (!['RSA', 'EC', 'OKP'].includes(String(key.kty)) || 'd' in key) return false;
  return !('use' in key) || key.use === 'sig';
}

// What a key lacks is said by the library that uses it.
const asKeySet = (keys: unknown[]): JSONWebKeySet => ({ keys: keys as JWK[] });

function unusable(what: string, why: string): AppError {
  return new AppError('UNAVAILABLE', `${what} cannot be used: ${why}`);
}
