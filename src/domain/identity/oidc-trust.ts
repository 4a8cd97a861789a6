import { runInNewContext } from 'node:vm';

import { badInput } from '../../shared/errors.ts';
import type { ApiKeyRow } from '../../storage/identity.ts';

export type OidcTrust = NonNullable<ApiKeyRow['oidc']>;

type Mapping = OidcTrust['claimMapping'];

/** Whose tokens a key shall take, as the API is told it. */
export interface NewOidcTrust {
  readonly issuer: string;
  readonly clientId: string;
  readonly subjectExpression: string;
  readonly claimMappings?: NewClaimMapping | null | undefined;
}

export interface NewClaimMapping {
  readonly entries: Mapping;
}

const MAX_EXPRESSION = 300;
const MAX_TEXT = 500;
const MAX_SUBJECT = 1_000;
const MAX_ENTRIES = 20;
const MATCH_TIMEOUT_MS = 50;

/** @throws BAD_INPUT naming the field */
export function parseOidcTrust(input: NewOidcTrust): OidcTrust {
  return {
    issuer: parseIssuer(input.issuer),
    clientId: parseText('oidc.clientId', input.clientId),
    subjectExpression: parseExpression(input.subjectExpression),
    claimMapping: parseMapping('oidc.claimMappings', input.claimMappings),
  };
}

/** Kept letter by letter, since tokens must name it so. Whether it may be reached is decided when it is. */
function parseIssuer(text: string): string {
  const url = URL.parse(text);
  if (url === null || !['https:', 'http:'].includes(url.protocol) || text.length > MAX_TEXT) {
    throw badInput('oidc.issuer', 'must be the URL of an OpenID provider, as its tokens name it');
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw badInput('oidc.issuer', 'must have no query, no fragment and no user name');
  }
  return text;
}

function parseText(field: string, text: string): string {
  if (text.trim() !== '' && text.length <= MAX_TEXT) return text;
  throw badInput(field, `must have 1 to ${MAX_TEXT} characters`);
}

function parseExpression(text: string): string {
  const field = 'oidc.subjectExpression';
  if (text === '' || text.length > MAX_EXPRESSION) throw badInput(field, `must have 1 to ${MAX_EXPRESSION} characters`);
  try {
    new RegExp(text, 'u'); // by itself: brackets that only fit together with ours must not pass
    new RegExp(anchored(text), 'u');
  } catch {
    throw badInput(field, 'must be a regular expression, such as repo:acme/.*:ref:refs/heads/main');
  }
  return text;
}

export function parseMapping(field: string, input: NewClaimMapping | null | undefined): Mapping {
  const entries = input?.entries ?? [];
  if (entries.length > MAX_ENTRIES) throw badInput(field, `must have at most ${MAX_ENTRIES} entries`);
  return entries.map(({ name, value }, at) => ({
    name: parseText(`${field}.entries[${at}].name`, name),
    value: parseText(`${field}.entries[${at}].value`, value),
  }));
}

const anchored = (expression: string): string => `^(?:${expression})$`;

/**
 * Whether a subject is one of those that the expression describes, as a whole. The expression is an administrator's and the
 * subject a stranger's: a pair that would keep the machine busy is stopped and does not match.
 */
export function subjectMatches({ subjectExpression }: OidcTrust, subject: string): boolean {
  if (subject.length > MAX_SUBJECT) return false;
  const expression = new RegExp(anchored(subjectExpression), 'u');
  try {
    const code = 'expression.test(subject)';
    return runInNewContext(code, { expression, subject }, { timeout: MATCH_TIMEOUT_MS }) === true;
  } catch {
    return false;
  }
}
