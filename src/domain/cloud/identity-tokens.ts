import { importJWK, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';

import { invariant } from '../../shared/errors.ts';
import { newUlid } from '../../shared/ids.ts';
import type { DomainContext } from '../context.ts';
import { IDENTITY_ALGORITHM, openSigningKeys, publicKeys } from '../identity/index.ts';

/** For whom a token speaks, and who is to believe it. */
export interface WorkloadIdentity {
  readonly project: string;
  readonly space: string;
  /** `write` is for the step that changes something, `read` for all others. */
  readonly use: 'read' | 'write';
  readonly audience: string;
}

export interface IdentityToken {
  readonly token: string;
  /** From then on another one is to be asked for: too little of its life is left. */
  readonly renewAt: Date;
}

/** Tokens by which clouds and other services know a project: OpenID Connect ID tokens of this server. */
export interface IdentityTokens {
  /** A token of an hour, of which half is left at least. */
  tokenFor(identity: WorkloadIdentity): Promise<IdentityToken>;
  /** What those who are to believe the tokens read, by path. */
  readonly documents: ReadonlyMap<string, () => Promise<object>>;
}

const KEYS = 'identity-token-key';
const LIFETIME_SECONDS = 60 * 60;
const KEPT = 1_000;
// An issuer of its own: nobody who trusts these tokens trusts the server's other ones, nor does the server take these.
const PATH = '/identity';

type TokenContext = Pick<DomainContext, 'storage' | 'clock' | 'publicUrl'>;

export function createIdentityTokens(context: TokenContext): IdentityTokens {
  // The same text for a while: a provider with a new token is a new process.
  const kept = new LRUCache<string, IdentityToken>({ max: KEPT });
  return {
    async tokenFor(identity) {
      const id = JSON.stringify(identity);
      const known = kept.get(id);
      if (known !== undefined && context.clock.now() < known.renewAt) return known;
      const now = Math.floor(context.clock.now().getTime() / 1000);
      const token = await signToken(context, identity, now);
      const made = { token, renewAt: new Date((now + LIFETIME_SECONDS / 2) * 1000) };
      kept.set(id, made);
      return made;
    },
    documents: new Map([
      [`${PATH}/.well-known/openid-configuration`, () => Promise.resolve(configurationOf(context.publicUrl))],
      [`${PATH}/jwks`, () => publishedKeys(context)],
    ]),
  };
}

async function signToken(context: TokenContext, identity: WorkloadIdentity, now: number): Promise<string> {
  const { project, space, use, audience } = identity;
  const [key] = await openSigningKeys(context, KEYS);
  invariant(key !== undefined, 'there is always a key');
  const claims = { spaceId: space, callerType: 'intent_project', callerId: project, scope: use };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: IDENTITY_ALGORITHM, typ: 'JWT', kid: key.kid })
    .setIssuer(context.publicUrl + PATH)
    .setSubject(`space:${space}:intent_project:${project}:scope:${use}`)
    .setAudience(audience)
    .setIssuedAt(now)
    .setNotBefore(now)
    .setExpirationTime(now + LIFETIME_SECONDS)
    .setJti(newUlid())
    .sign(await importJWK(key, IDENTITY_ALGORITHM));
}

/** Source: OpenID Connect Discovery 1.0; nobody signs in here, so there is no address for that. */
function configurationOf(publicUrl: string): object {
  return {
    issuer: publicUrl + PATH,
    jwks_uri: `${publicUrl}${PATH}/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [IDENTITY_ALGORITHM],
    scopes_supported: ['openid'],
    claims_supported: ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti', 'spaceId', 'callerType', 'callerId', 'scope'],
  };
}

/** Whoever asks may do so before there was a token: the key that will sign one is made then. */
async function publishedKeys(context: TokenContext): Promise<object> {
  await openSigningKeys(context, KEYS);
  return publicKeys(context, KEYS);
}
