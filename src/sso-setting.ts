import { readFileSync } from 'node:fs';

import { list, optionalText, type Setting, SettingProblem, text } from './setting.ts';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** Issuer of an OpenID provider, spelled as it is in its tokens. */
function issuer(variable: string, describe: string): Setting<string | undefined> {
  const parse = (given: string | undefined): string | undefined => {
    if (given === undefined) return undefined;
    const url = URL.parse(given);
    if (url === null || url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
      throw new SettingProblem('must be a URL without a query and a user name, such as https://login.example.com');
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOOPBACK.includes(url.hostname)))
      throw new SettingProblem('must begin with https:// (http:// is for this computer only)');
    return given;
  };
  return { variable, describe, fallbackText: 'none', parse };
}

function contentOf(variable: string, describe: string): Setting<string | undefined> {
  const parse = (path: string | undefined): string | undefined => {
    if (path === undefined) return undefined;
    try {
      return readFileSync(path, 'utf8').trim();
    } catch {
      throw new SettingProblem('must be a file that the server can read');
    }
  };
  return { variable, describe, fallbackText: 'none', parse };
}

/** The settings of single sign-on; without an issuer there is none. */
export const ssoSettings = {
  ssoIssuer: issuer('SLUICE_SSO_ISSUER', "Issuer of the company's OpenID provider. With it people sign in there too."),
  ssoClientId: optionalText('SLUICE_SSO_CLIENT_ID', 'none', 'Name of this server at the OpenID provider.'),
  ssoClientSecret: optionalText(
    'SLUICE_SSO_CLIENT_SECRET',
    'none',
    'Secret of this server at the OpenID provider. Without one it is a public client.',
  ),
  ssoClientSecretFile: contentOf('SLUICE_SSO_CLIENT_SECRET_FILE', 'File that holds the secret, instead of the secret.'),
  ssoName: text(
    'SLUICE_SSO_NAME',
    'single sign-on',
    'What the OpenID provider is called on the sign-in page: "Sign in with …".',
  ),
  ssoScopes: text('SLUICE_SSO_SCOPES', 'openid profile email', 'Scopes asked of the OpenID provider.'),
  ssoGroupsClaim: text(
    'SLUICE_SSO_GROUPS_CLAIM',
    'groups',
    "Claim that holds the names of a person's groups: a list of texts.",
  ),
  ssoAllowedGroups: list(
    'SLUICE_SSO_ALLOWED_GROUPS',
    'Groups at the OpenID provider of which a person must have one, separated by commas. Empty lets everybody in.',
  ),
  ssoAllowedDomains: list(
    'SLUICE_SSO_ALLOWED_DOMAINS',
    'Domains one of which the verified e-mail address of a person must have, separated by commas. Empty asks for none.',
  ),
} as const;

type ParsedSso = { readonly [Name in keyof typeof ssoSettings]: ReturnType<(typeof ssoSettings)[Name]['parse']> };

/** Single sign-on, as set. */
export interface SsoConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  readonly name: string;
  readonly scopes: string;
  readonly groupsClaim: string;
  readonly allowedGroups: readonly string[];
  readonly allowedDomains: readonly string[];
}

/** What the settings come to together; adds what does not fit to the problems. */
export function ssoOf(parsed: ParsedSso, problems: string[]): SsoConfig | undefined {
  const { ssoIssuer, ssoClientId, ssoClientSecret, ssoClientSecretFile, ssoScopes } = parsed;
  if (ssoIssuer === undefined) return undefined;
  if (ssoClientId === undefined) problems.push('SLUICE_SSO_CLIENT_ID: must be set when SLUICE_SSO_ISSUER is');
  if (ssoClientSecret !== undefined && ssoClientSecretFile !== undefined)
    problems.push('SLUICE_SSO_CLIENT_SECRET_FILE: must not be set beside SLUICE_SSO_CLIENT_SECRET; keep one of them');
  if (!ssoScopes.split(' ').includes('openid')) problems.push('SLUICE_SSO_SCOPES: must hold `openid`');
  return {
    issuer: ssoIssuer,
    clientId: ssoClientId ?? '',
    clientSecret: ssoClientSecret ?? ssoClientSecretFile,
    name: parsed.ssoName,
    scopes: ssoScopes,
    groupsClaim: parsed.ssoGroupsClaim,
    allowedGroups: parsed.ssoAllowedGroups.filter((group) => group !== ''),
    allowedDomains: parsed.ssoAllowedDomains.filter((domain) => domain !== '').map((domain) => domain.toLowerCase()),
  };
}
