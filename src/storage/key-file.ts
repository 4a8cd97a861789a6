import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import { AppError } from '../shared/errors.ts';
import { isJsonObject } from '../shared/json.ts';
import { KEY_BYTES } from './cipher.ts';

/** Key-encryption keys by id. `current` wraps new data keys; the others still open what they wrapped. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/** @returns the keys, or undefined when there is no such file */
export async function readKeyFile(path: string): Promise<KeyRing | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unusable(path, error.message);
  });
  return text === undefined ? undefined : parseKeyFile(path, text);
}

/** The same ring with one more key, which becomes the current one. */
export function addKey(ring: KeyRing | undefined): KeyRing {
  const id = randomUUID();
  return { current: id, keys: new Map([...(ring?.keys ?? []), [id, randomBytes(KEY_BYTES)]]) };
}

/** Makes the file unless another server has just made it. @returns the keys that are in the file now */
export async function createKeyFile(path: string, ring: KeyRing): Promise<KeyRing> {
  const draft = await writeDraft(path, ring);
  try {
    await link(draft, path);
    return ring;
  } catch (error) {
    const existing = await readKeyFile(path);
    if (existing === undefined) throw error;
    return existing;
  } finally {
    await unlink(draft);
    await syncFolder(path);
  }
}

export async function replaceKeyFile(path: string, ring: KeyRing): Promise<void> {
  await rename(await writeDraft(path, ring), path);
  await syncFolder(path);
}

// Written beside and synced first: a crash leaves the old file or the new one, never a half.
async function writeDraft(path: string, ring: KeyRing): Promise<string> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const keys = Object.fromEntries([...ring.keys].map(([id, key]) => [id, key.toString('base64')]));
  const draft = `${path}.${randomUUID()}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ current: ring.current, keys }, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function parseKeyFile(path: string, text: string): KeyRing {
  const parsed = parseJson(path, text);
  const { current, keys } = isJsonObject(parsed) ? parsed : {};
  if (typeof current !== 'string' || !isJsonObject(keys)) throw unusable(path, 'must hold "current" and "keys"');
  const ring = new Map(Object.entries(keys).map(([id, value]) => [id, parseKey(path, id, value)]));
  if (!ring.has(current)) throw unusable(path, `"current" names ${current}, which is not among the keys`);
  return { current, keys: ring };
}

function parseKey(path: string, id: string, value: unknown): Buffer {
  const key = typeof value === 'string' ? Buffer.from(value, 'base64') : Buffer.alloc(0);
  if (key.length !== KEY_BYTES) throw unusable(path, `key ${id} must be ${KEY_BYTES} bytes in base64`);
  return key;
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unusable(path, 'is not JSON');
  }
}

function unusable(path: string, problem: string): AppError {
  return new AppError('UNAVAILABLE', `key file ${path}: ${problem}. Restore it from a backup`);
}
