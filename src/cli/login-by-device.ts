import { setTimeout as wait } from 'node:timers/promises';

import { AppError } from '../shared/errors.ts';
import type { JsonObject } from '../shared/json.ts';
import { type Answer, getJson, sendForm } from './call-server.ts';
import type { Login } from './profiles.ts';
import type { Terminal } from './terminal.ts';

const CLIENT_ID = 'sluice-cli';
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
const SLOWER_SECONDS = 5; // as RFC 8628 asks

type OAuthLogin = Extract<Login, { kind: 'OAUTH' }>;

interface Endpoints {
  readonly device: string;
  readonly token: string;
}

/** Lets the person sign in at any browser, on a telephone say, by a code that this terminal shows. Source: RFC 8628. */
export async function loginByDevice(terminal: Terminal, url: string, scopes: string): Promise<Login> {
  const endpoints = await endpointsOf(url);
  const asked = await sendForm(endpoints.device, { client_id: CLIENT_ID, scope: scopes, resource: url });
  if (asked.status !== 200) throw refused(asked);
  const { device_code: code, user_code: userCode, verification_uri: page, interval, expires_in: life } = asked.body;
  if (typeof code !== 'string' || typeof userCode !== 'string' || typeof page !== 'string') throw refused(asked);
  terminal.say(`Open ${page} in a browser, on any computer, and enter the code\n\n  ${userCode}\n`);
  const deadline = Date.now() + (typeof life === 'number' ? life : 600) * 1000;
  let pauseSeconds = typeof interval === 'number' ? interval : SLOWER_SECONDS;
  while (Date.now() < deadline) {
    await wait(pauseSeconds * 1000);
    const answer = await sendForm(endpoints.token, { client_id: CLIENT_ID, grant_type: GRANT_TYPE, device_code: code });
    if (answer.status === 200) return parseTokens(answer.body);
    const { error } = answer.body;
    if (error === 'slow_down') pauseSeconds += SLOWER_SECONDS;
    else if (error !== 'authorization_pending') throw refused(answer);
  }
  throw new AppError('UNAUTHENTICATED', 'nobody entered the code in time: run the command again');
}

/** Exchanges the refresh token for new tokens; the old one is used up by it. @throws UNAUTHENTICATED */
export async function renewLogin(url: string, { refreshToken }: OAuthLogin): Promise<OAuthLogin> {
  const { token } = await endpointsOf(url);
  const fields = { client_id: CLIENT_ID, grant_type: 'refresh_token', refresh_token: refreshToken };
  const answer = await sendForm(token, fields);
  if (answer.status === 200) return parseTokens(answer.body);
  throw refused(answer);
}

/** Ends the login on the server; what was given out by it ends too. */
export async function revokeLogin(url: string, { refreshToken }: OAuthLogin): Promise<void> {
  const { body } = await metadataOf(url);
  const endpoint = body['revocation_endpoint'];
  if (typeof endpoint !== 'string') return;
  await sendForm(endpoint, { client_id: CLIENT_ID, token: refreshToken, token_type_hint: 'refresh_token' });
}

const metadataOf = (url: string): Promise<Answer> => getJson(`${url}/.well-known/oauth-authorization-server`);

async function endpointsOf(url: string): Promise<Endpoints> {
  const { body } = await metadataOf(url);
  const { device_authorization_endpoint: device, token_endpoint: token } = body;
  // The tokens are sent to these: they must be the server's own.
  const isOwn = (endpoint: unknown): endpoint is string =>
    typeof endpoint === 'string' && endpoint.startsWith(`${url}/`);
  if (isOwn(device) && isOwn(token)) return { device, token };
  throw new AppError('UNAVAILABLE', `${url} offers no login by device: is it the public address of a Sluice server?`);
}

function parseTokens({ access_token: token, refresh_token: refreshToken, expires_in: life }: JsonObject): OAuthLogin {
  if (typeof token !== 'string' || typeof refreshToken !== 'string' || typeof life !== 'number') {
    throw new AppError('UNAVAILABLE', 'the server answered without tokens; is it a Sluice server?');
  }
  return { kind: 'OAUTH', token, refreshToken, validUntil: Math.floor(Date.now() / 1000) + life };
}

const reasons: Readonly<Record<string, string>> = {
  access_denied: 'access was denied at the browser',
  expired_token: 'the code has ended: run the command again',
  invalid_grant: 'the login has ended',
};

function refused({ status, body }: Answer): AppError {
  const { error, error_description: description } = body;
  const known = typeof error === 'string' ? reasons[error] : undefined;
  const said = typeof description === 'string' ? description : `the server answered with ${status}`;
  return new AppError('UNAUTHENTICATED', known ?? said);
}
