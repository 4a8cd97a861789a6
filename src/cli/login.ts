import { AppError, badInput } from '../shared/errors.ts';
import { isJsonObject } from '../shared/json.ts';
import { loginInEnvironment, readKey, tokenOf, urlOf, variable } from './bearer-token.ts';
import { callServer } from './call-server.ts';
import { loginByBrowser } from './login-by-browser.ts';
import { loginByDevice } from './login-by-device.ts';
import { changeProfiles, type Login, parseAlias, type Profile, readProfiles } from './profiles.ts';
import type { Terminal } from './terminal.ts';

export interface LoginOptions {
  readonly url?: string;
  readonly device?: boolean;
  readonly keyId?: string;
  readonly key?: string;
  readonly token?: boolean;
  readonly scope?: readonly string[];
  /** False: the address is printed only. */
  readonly browser: boolean;
}

/** Logs in, checks that it works, and keeps it as the current profile. */
export async function login(terminal: Terminal, alias: string | undefined, options: LoginOptions): Promise<void> {
  const known = alias === undefined ? undefined : (await readProfiles(terminal.configFolder)).all.get(alias);
  const url = options.url === undefined && known !== undefined ? known.url : urlOf(terminal, options);
  const name = parseAlias(alias ?? new URL(url).host);
  const profile = { url, login: await newLogin(terminal, url, options) };
  const who = await whoIs(profile);
  await changeProfiles(terminal.configFolder, ({ all }) => ({ current: name, all: new Map(all).set(name, profile) }));
  terminal.say(`Logged in to ${url} as ${who}. The profile is ${name}, and it is the current one.`);
}

/** By the one way that was asked for, or that the variables of the shell allow; else by the browser. */
async function newLogin(terminal: Terminal, url: string, options: LoginOptions): Promise<Login> {
  const { device, key, keyId, token, browser } = options;
  const ways = [device, key, keyId, token].filter((way) => way !== undefined);
  if (ways.length > 1) throw badInput('login', 'takes one of --device, --key, --key-id and --token');
  if (options.scope !== undefined && device === undefined) throw badInput('--scope', 'is for --device');
  if (device === true) return loginByDevice(terminal, url, (options.scope ?? ['mcp:read', 'mcp:write']).join(' '));
  if (key !== undefined) return readKey(key);
  if (keyId !== undefined)
    return { kind: 'KEY', id: keyId, secret: await secretFor(terminal, 'KEY_SECRET', 'Secret: ') };
  if (token === true) return { kind: 'TOKEN', token: await secretFor(terminal, 'TOKEN', 'Token: ') };
  return loginInEnvironment(terminal) ?? loginByBrowser(terminal, url, browser);
}

/** Never from an argument: those are shown to everybody on this computer, and kept in the shell's history. */
async function secretFor(terminal: Terminal, name: string, question: string): Promise<string> {
  const secret = variable(terminal, name) ?? (await terminal.askSecret(question));
  if (secret !== '') return secret;
  throw badInput(`SLUICE_API_${name}`, 'is missing: set it, pipe it in, or type it when asked');
}

/** Name of whom the server takes us for. */
async function whoIs(profile: Profile): Promise<string> {
  const token = await tokenOf(profile);
  const { viewer } = await callServer(profile.url, '{ viewer { name } }', { token });
  const name = isJsonObject(viewer) ? viewer['name'] : undefined;
  if (typeof name === 'string') return name;
  throw new AppError('UNAUTHENTICATED', `${profile.url} does not know whose token this is`);
}
