import type { SsoIdentity } from '../../domain/people/index.ts';

/** Reads what we use of the claims of somebody; their types are the provider's word only. */
export function parseIdentity(claims: Readonly<Record<string, unknown>>, groupsClaim: string): SsoIdentity {
  const { iss, sub, email, email_verified: verified, preferred_username: name } = claims;
  return {
    issuer: textOf(iss) ?? '',
    subject: textOf(sub) ?? '',
    email: verified === true ? textOf(email) : undefined,
    preferredName: textOf(name),
    groups: listOf(claims[groupsClaim]),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A claim in any other form names no groups: nobody gets rights by mistake. */
function listOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
