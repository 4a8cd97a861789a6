import type { Context } from 'koa';
import type Provider from 'oidc-provider';

import { recordConsent } from '../domain/oauth/index.ts';
import type { SignedIn } from '../domain/people/index.ts';
import type { Scope } from '../shared/caller.ts';
import { AppError, errorCodes } from '../shared/errors.ts';
import { makeGrant } from './consent-routes.ts';
import { commandLine } from './oauth/resources.ts';
import { showPage } from './page-answer.ts';
import { deviceCodePage, deviceConsentPage } from './pages/device-page.ts';
import { messagePage } from './pages/message-page.ts';
import type { Services } from './services.ts';
import { askToSignIn, whoIsSignedIn } from './sign-in-routes.ts';

// The person's half of the device flow (RFC 8628): a device without a browser shows a code, a person enters it here and
// decides. The library makes the codes and redeems them; all pages are ours.

type DeviceCode = InstanceType<Provider['DeviceCode']>;

/** What a device asks for, as far as it is needed to decide. */
interface Ask {
  readonly code: DeviceCode;
  readonly clientId: string;
  readonly clientName: string;
  readonly resource: string;
  readonly scopes: readonly Scope[];
}

const MAX_CODE_LENGTH = 40; // ours have 9 characters; people add spaces

export async function showDevice(services: Services, context: Context): Promise<void> {
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const given = new URLSearchParams(context.querystring).get('user_code') ?? '';
  showCodePage(services, context, person, { userCode: given.slice(0, MAX_CODE_LENGTH), problem: undefined });
}

function showCodePage(
  services: Services,
  context: Context,
  { username }: SignedIn,
  shown: { readonly userCode: string; readonly problem: string | undefined },
): void {
  showPage(context, deviceCodePage({ csrf: services.forms.tokenFor(context), username, ...shown }));
}

export async function takeDevice(services: Services, context: Context): Promise<void> {
  const person = await whoIsSignedIn(services, context);
  if (person === undefined) return askToSignIn(context);
  const fields = await services.forms.read(context);
  const userCode = (fields.get('user_code') ?? '').slice(0, MAX_CODE_LENGTH);
  try {
    const ask = await findAsk(services, context, person, userCode);
    if (fields.has('decision')) return await decide(services, context, { ask, person, fields });
    showAsk(services, context, person, ask);
  } catch (error) {
    if (!(error instanceof AppError) || !['NO_SUCH', 'RATE_LIMITED'].includes(error.code)) throw error;
    context.status = errorCodes[error.code].status;
    showCodePage(services, context, person, { userCode, problem: error.message });
  }
}

function showAsk(services: Services, context: Context, { username }: SignedIn, ask: Ask): void {
  const { clientId, clientName, resource, scopes, code } = ask;
  const { userCode, deviceInfo } = code;
  const page = deviceConsentPage({
    csrf: services.forms.tokenFor(context),
    username,
    clientName,
    isOurs: clientId === commandLine.client_id,
    resource,
    scopes,
    userCode: withDash(userCode ?? ''),
    askedFrom: textIn(deviceInfo, 'remoteAddress'),
  });
  showPage(context, page);
}

const withDash = (userCode: string): string => userCode.replace(/^(.{4})(.{4})$/, '$1-$2');

/** @throws NO_SUCH alike for a code that never was, has ended or was decided; RATE_LIMITED after too many of these */
async function findAsk(services: Services, context: Context, person: SignedIn, userCode: string): Promise<Ask> {
  const { provider, codeGuesses } = services;
  const names = [`user ${person.userId}`, `address ${services.originOf(context).remoteAddress ?? ''}`];
  codeGuesses.count(names);
  const normalized = userCode.toUpperCase().replaceAll(/[^A-Z]/g, '');
  const code = normalized === '' ? undefined : await provider.DeviceCode.findByUserCode(normalized);
  const ask = code === undefined ? undefined : await parseAsk(provider, code);
  if (ask === undefined) throw noSuchCode();
  codeGuesses.forgive(names);
  return ask;
}

function noSuchCode(): AppError {
  return new AppError(
    'NO_SUCH',
    'This code is not one that waits for a decision. Look at the device again: it may show a new one.',
  );
}

async function parseAsk(provider: Provider, code: DeviceCode): Promise<Ask | undefined> {
  const { clientId, params, accountId, error } = code;
  const client = clientId === undefined ? undefined : await provider.Client.find(clientId);
  const resource = onlyText(params?.['resource']);
  if (clientId === undefined || client === undefined || resource === undefined) return undefined;
  if (accountId !== undefined || error !== undefined) return undefined;
  const { clientName = 'A client without a name' } = client;
  return { code, clientId, clientName, resource, scopes: parseScopes(params?.['scope']) };
}

function onlyText(value: unknown): string | undefined {
  const only: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return typeof only === 'string' ? only : undefined;
}

function textIn(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
  return typeof found === 'string' ? found : undefined;
}

/** A device that names no scope asks for both. */
function parseScopes(scope: unknown): Scope[] {
  const named = typeof scope === 'string' && scope !== '' ? scope.split(' ') : ['mcp:read', 'mcp:write'];
  return (['mcp:read', 'mcp:write'] as const).filter((each) => named.includes(each));
}

interface Decision {
  readonly ask: Ask;
  readonly person: SignedIn;
  readonly fields: URLSearchParams;
}

async function decide(services: Services, context: Context, { ask, person, fields }: Decision): Promise<void> {
  const { code, clientId, clientName, resource } = ask;
  const chosen = ask.scopes.filter((scope) => fields.getAll('scope').includes(scope));
  const approved = fields.get('decision') === 'approve' && chosen.length > 0;
  const grantId = approved ? await makeGrant(services, context, { ask, person, chosen }) : undefined;
  const consent = { clientId, clientName, resource, scopes: approved ? chosen : [], grantId };
  await recordConsent(services.domain, services.requestOf(context, person), consent);
  Object.assign(
    code,
    grantId === undefined
      ? { error: 'access_denied', errorDescription: 'the person has not given access' }
      : { accountId: person.userId, grantId, scope: chosen.join(' '), resource },
  );
  await code.save();
  showPage(context, grantId === undefined ? deniedPage : approvedPage);
}

const approvedPage = messagePage('The device is logged in', 'You can close this page and go back to it.');
const deniedPage = messagePage('The device gets no access', 'It was told so. You can close this page.');
