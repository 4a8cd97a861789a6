import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppError, badInput } from '../shared/errors.ts';
import { isJsonObject, type Json } from '../shared/json.ts';
import { callServer, parseServerUrl } from './call-server.ts';
import { renewLogin } from './login-by-device.ts';
import { changeProfiles, type Login, type Profile, type Profiles, readProfiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

export interface TokenOptions {
  readonly profile?: string;
  readonly url?: string;
  /** JSON file with an API key's `id` and `secret`. */
  readonly key?: string;
  readonly scope?: readonly string[];
  /** Seconds. */
  readonly ttl?: number;
}

const DEFAULT_URL = 'http://localhost:4000';
const EXCHANGE = 'mutation($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt validUntil } }';
const NARROW =
  'mutation($scopes: [String!], $ttl: Int) { accessTokenNarrow(scopes: $scopes, ttlSeconds: $ttl) { jwt } }';
const SPARE_SECONDS = 30; // for the way of the token to whoever uses it

/** A server with a token for it. */
export interface Bearer {
  readonly url: string;
  readonly token: string;
}

/**
 * A bearer token by what was named, else by the variables of this shell, else by the current profile, else by the admin
 * key of a server in this folder; narrowed if that was asked for.
 */
export async function bearerToken(terminal: Terminal, options: TokenOptions): Promise<Bearer> {
  const bearer = await wholeToken(terminal, options);
  const { scope, ttl } = options;
  if (scope === undefined && ttl === undefined) return bearer;
  const variables = { ...(scope === undefined ? {} : { scopes: [...scope] }), ...(ttl === undefined ? {} : { ttl }) };
  const data = await callServer(bearer.url, NARROW, { variables, token: bearer.token });
  return { url: bearer.url, token: textIn(data['accessTokenNarrow'], 'jwt') };
}

async function wholeToken(terminal: Terminal, options: TokenOptions): Promise<Bearer> {
  const profile = await namedLogin(terminal, options);
  if (profile !== undefined) return { url: profile.url, token: await plainToken(profile) };
  const profiles = await readProfiles(terminal.configFolder);
  const alias = options.profile ?? currentAt(profiles, options.url);
  if (alias !== undefined) return profileToken(terminal, profiles, alias);
  return { url: urlOf(terminal, options), token: await plainToken(adminProfile(terminal, options)) };
}

/** The current profile, unless another server was named than its own. */
function currentAt({ current, all }: Profiles, url: string | undefined): string | undefined {
  if (current === undefined || url === undefined) return current;
  return all.get(current)?.url === URL.parse(url)?.origin ? current : undefined;
}

/** What the flags or, when no profile is named, the variables say. */
async function namedLogin(terminal: Terminal, options: TokenOptions): Promise<Profile | undefined> {
  if (options.key !== undefined) return { url: urlOf(terminal, options), login: readKey(options.key) };
  if (options.profile !== undefined) return undefined;
  const login = loginInEnvironment(terminal);
  return login === undefined ? undefined : { url: urlOf(terminal, options), login };
}

function adminProfile(terminal: Terminal, options: TokenOptions): Profile {
  return { url: urlOf(terminal, options), login: readKey(adminKeyFile(terminal.root)) };
}

/** Of the API, as existing clients of the same API name them; ours come first. */
export function variable({ environment }: Terminal, name: string): string | undefined {
  const given = environment[`SLUICE_API_${name}`] ?? environment[`SPACELIFT_API_${name}`];
  return given === '' ? undefined : given;
}

export function loginInEnvironment(terminal: Terminal): Login | undefined {
  const token = variable(terminal, 'TOKEN');
  if (token !== undefined) return { kind: 'TOKEN', token };
  const [id, secret] = [variable(terminal, 'KEY_ID'), variable(terminal, 'KEY_SECRET')];
  if (id !== undefined && secret !== undefined) return { kind: 'KEY', id, secret };
  if (id === undefined && secret === undefined) return undefined;
  throw badInput(id === undefined ? 'SLUICE_API_KEY_ID' : 'SLUICE_API_KEY_SECRET', 'is missing while the other is set');
}

export function urlOf(terminal: Terminal, { url }: Pick<TokenOptions, 'url'>): string {
  const { environment } = terminal;
  const given = url ?? variable(terminal, 'KEY_ENDPOINT') ?? environment['SLUICE_PUBLIC_URL'];
  return parseServerUrl(given ?? DEFAULT_URL, terminal);
}

export function profileNamed({ all }: Profiles, alias: string): Profile {
  const profile = all.get(alias);
  if (profile !== undefined) return profile;
  const known = all.size === 0 ? 'there is none yet' : `there are ${[...all.keys()].join(', ')}`;
  throw new AppError(
    'NO_SUCH',
    `no such profile: ${JSON.stringify(alias)}; ${known}. \`sluice profile login\` makes one`,
  );
}

async function profileToken(terminal: Terminal, profiles: Profiles, alias: string): Promise<Bearer> {
  const { url, login } = profileNamed(profiles, alias);
  if (login.kind !== 'OAUTH' || isGood(login)) return { url, token: await plainToken({ url, login }, alias) };
  const after = await changeProfiles(terminal.configFolder, async (now) => {
    const found = profileNamed(now, alias);
    // Another process may have renewed it while this one waited.
    if (found.login.kind !== 'OAUTH' || isGood(found.login)) return now;
    const renewed = await renewLogin(found.url, found.login).catch((error: unknown) => {
      throw error instanceof AppError && error.code === 'UNAUTHENTICATED' ? ended(alias) : error;
    });
    return { ...now, all: new Map(now.all).set(alias, { ...found, login: renewed }) };
  });
  return { url, token: await plainToken(profileNamed(after, alias), alias) };
}

const isGood = ({ validUntil }: { readonly validUntil: number }): boolean =>
  validUntil - SPARE_SECONDS > Date.now() / 1000;

function ended(alias: string | undefined): AppError {
  const again = `sluice profile login${alias === undefined ? '' : ` ${alias}`}`;
  return new AppError('UNAUTHENTICATED', `the login has ended: run \`${again}\` and then this command again`);
}

/** The token of a login that was just made. */
export function tokenOf(profile: Profile): Promise<string> {
  return plainToken(profile);
}

async function plainToken({ url, login }: Profile, alias?: string): Promise<string> {
  if (login.kind === 'KEY') return exchangeKey(url, login);
  if (login.kind === 'SESSION' && !isGood(login)) throw ended(alias);
  return login.token;
}

async function exchangeKey(url: string, { id, secret }: Extract<Login, { kind: 'KEY' }>): Promise<string> {
  const data = await callServer(url, EXCHANGE, { variables: { id, secret } }).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'UNAUTHENTICATED') throw error;
    throw new AppError(
      'UNAUTHENTICATED',
      `${url} refused the API key ${id}: its secret is wrong, or it was deleted or has ended`,
    );
  });
  return textIn(data['apiKeyUser'], 'jwt');
}

function textIn(value: Json | undefined, name: string): string {
  const text = isJsonObject(value) ? value[name] : undefined;
  if (typeof text === 'string') return text;
  throw new AppError('UNAVAILABLE', 'the server answered without a token; is it a Sluice server?');
}

/** The file that a first start writes. */
export function adminKeyFile(root: string): string {
  return join(root, '.sluice', 'admin-key.json');
}

/** @throws AppError NO_SUCH when the file is missing or is no key */
export function readKey(file: string): Extract<Login, { kind: 'KEY' }> {
  const key = readJson(file);
  const { id, secret } = isJsonObject(key) ? key : {};
  if (typeof id === 'string' && typeof secret === 'string') return { kind: 'KEY', id, secret };
  throw new AppError(
    'NO_SUCH',
    `no API key in ${file}: run \`sluice profile login\`, start the server once, or name a file with --key`,
  );
}

function readJson(file: string): Json {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch {
    return null;
  }
}
