import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { AppError, badInput } from '../shared/errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../shared/json.ts';

/** How a profile proves itself. */
export type Login =
  | { readonly kind: 'KEY'; readonly id: string; readonly secret: string }
  | { readonly kind: 'TOKEN'; readonly token: string }
  /** Of a browser: good until it ends. */
  | { readonly kind: 'SESSION'; readonly token: string; readonly validUntil: number }
  /** Of a device: renewed when it ends. */
  | { readonly kind: 'OAUTH'; readonly token: string; readonly validUntil: number; readonly refreshToken: string };

export interface Profile {
  /** Where the server is, without a trailing slash. */
  readonly url: string;
  readonly login: Login;
}

export interface Profiles {
  readonly current: string | undefined;
  readonly all: ReadonlyMap<string, Profile>;
}

const ALIAS = /^[\w.@:-]{1,64}$/;
const LOCK_WAIT_MS = 15_000;
const LOCK_STALE_MS = 60_000; // whoever held it is gone: a change takes a request or two
const nobody: Profiles = { current: undefined, all: new Map() };

export function parseAlias(text: string): string {
  if (ALIAS.test(text)) return text;
  throw badInput('alias', 'must be 1 to 64 letters, digits or . _ @ : -');
}

const fileOf = (folder: string): string => join(folder, 'profiles.json');

export async function readProfiles(folder: string): Promise<Profiles> {
  const file = fileOf(folder);
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new AppError('BAD_INPUT', `${file} cannot be read: ${error.message}`);
  });
  if (text === undefined) return nobody;
  const profiles = parseProfiles(text);
  if (profiles !== undefined) return profiles;
  throw new AppError('BAD_INPUT', `${file} holds no profiles: mend it, or delete it and log in again`);
}

/**
 * Changes the file, one process at a time: two that renew the same login at once would end it. Only the user can read
 * the file.
 */
export async function changeProfiles(
  folder: string,
  change: (profiles: Profiles) => Profiles | Promise<Profiles>,
): Promise<Profiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = `${fileOf(folder)}.lock`;
  await takeLock(lock);
  try {
    const before = await readProfiles(folder);
    const after = await change(before);
    if (after !== before) await write(fileOf(folder), profilesText(after));
    return after;
  } finally {
    await rm(lock, { force: true });
  }
}

async function takeLock(lock: string): Promise<void> {
  const deadline = Date.now() + LOCK_WAIT_MS;
  for (;;) {
    const file = await open(lock, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    if (file !== undefined) return file.close();
    const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (age > LOCK_STALE_MS) await rm(lock, { force: true });
    else if (Date.now() > deadline) throw new AppError('CONFLICT', `another command holds ${lock}: wait, or delete it`);
    await wait(50);
  }
}

async function write(path: string, text: string): Promise<void> {
  const part = `${path}.${process.pid}`;
  const file = await open(part, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(part, 0o600);
  await rename(part, path);
}

function profilesText({ current, all }: Profiles): string {
  return `${JSON.stringify({ current, profiles: Object.fromEntries(all) }, null, 2)}\n`;
}

function parseProfiles(text: string): Profiles | undefined {
  const file = parseJson(text);
  const found = isJsonObject(file) ? file['profiles'] : undefined;
  if (!isJsonObject(file) || !isJsonObject(found)) return undefined;
  const all = new Map<string, Profile>();
  for (const [alias, entry] of Object.entries(found)) {
    const profile = isJsonObject(entry) ? parseProfile(entry) : undefined;
    if (profile === undefined) return undefined;
    all.set(alias, profile);
  }
  const { current } = file;
  return { current: typeof current === 'string' && all.has(current) ? current : undefined, all };
}

function parseProfile({ url, login }: JsonObject): Profile | undefined {
  const parsed = isJsonObject(login) ? parseLogin(login) : undefined;
  return typeof url === 'string' && parsed !== undefined ? { url, login: parsed } : undefined;
}

function parseLogin({ kind, id, secret, token, validUntil, refreshToken }: JsonObject): Login | undefined {
  if (kind === 'KEY') return typeof id === 'string' && typeof secret === 'string' ? { kind, id, secret } : undefined;
  if (typeof token !== 'string') return undefined;
  if (kind === 'TOKEN') return { kind, token };
  if (typeof validUntil !== 'number') return undefined;
  if (kind === 'SESSION') return { kind, token, validUntil };
  return kind === 'OAUTH' && typeof refreshToken === 'string' ? { kind, token, validUntil, refreshToken } : undefined;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
