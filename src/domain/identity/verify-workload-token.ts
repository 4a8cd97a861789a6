import { errors, type JWTPayload, jwtVerify, type JWTVerifyGetKey } from 'jose';

import type { DomainContext } from '../context.ts';
import { type OidcTrust, subjectMatches } from './oidc-trust.ts';

/** Signatures by a private key, and nothing else: a public key can never be taken for a shared secret. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const MAX_AGE_SECONDS = 24 * 60 * 60; // the longest life that the big clouds give to tokens of their machines
const CLOCK_TOLERANCE_SECONDS = 30; // other people's clocks
const MAX_TOKEN_LENGTH = 8_192;
const MAX_CLAIM_LENGTH = 200;

/** What came of looking at somebody's token. */
export type WorkloadProof =
  | { readonly proved: true; readonly subject: string; readonly claims: Readonly<Record<string, string>> }
  | { readonly proved: false; readonly why: string; readonly genuine: boolean };

/**
 * Checks a token of another server against what a key trusts: who signed it, for whom, until when, and about whom.
 * `genuine` says that the signature was the issuer's, whatever else was wrong.
 */
export async function verifyWorkloadToken(
  context: Pick<DomainContext, 'issuers' | 'clock'>,
  trust: OidcTrust,
  token: string,
): Promise<WorkloadProof> {
  if (token.length > MAX_TOKEN_LENGTH) return { proved: false, why: 'the token is too long', genuine: false };
  try {
    const { sub = '', ...claims } = await verified(context, trust, token);
    if (!subjectMatches(trust, sub)) return { proved: false, why: 'the subject does not match', genuine: true };
    return { proved: true, subject: sub.slice(0, MAX_CLAIM_LENGTH), claims: mappedClaims(trust, claims) };
  } catch (error) {
    const genuine = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
    return { proved: false, why: error instanceof Error ? error.message : 'unknown', genuine };
  }
}

async function verified(
  { issuers, clock }: Pick<DomainContext, 'issuers' | 'clock'>,
  { issuer, clientId }: OidcTrust,
  token: string,
): Promise<JWTPayload> {
  const options = {
    algorithms: ALGORITHMS,
    issuer,
    audience: clientId,
    requiredClaims: ['sub', 'exp', 'iat'],
    maxTokenAge: MAX_AGE_SECONDS,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: clock.now(),
  };
  const check = async (keys: JWTVerifyGetKey): Promise<JWTPayload> => (await jwtVerify(token, keys, options)).payload;
  return check(await issuers.keysOf(issuer)).catch(async (error: unknown) => {
    // The issuer may have changed its keys since they were read.
    if (!(error instanceof errors.JWKSNoMatchingKey) || !issuers.renew(issuer)) throw error;
    return check(await issuers.keysOf(issuer));
  });
}

/** What the trail shall show of a token, such as the branch that a job ran on. */
function mappedClaims({ claimMapping }: OidcTrust, claims: JWTPayload): Record<string, string> {
  const shown = claimMapping.flatMap(({ name, value }) => {
    const claim = claims[value];
    return ['string', 'number', 'boolean'].includes(typeof claim)
      ? [[name, String(claim).slice(0, MAX_CLAIM_LENGTH)] as const]
      : [];
  });
  return Object.fromEntries(shown);
}
