import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { invariant } from '../shared/errors.ts';

const MOUNT = '/app'; // where people are told that files are; no host has to offer the place
const FOLDER = 'app';

/**
 * Writes the files of a provider's environment, readable for its user alone, and tells the variables that name one where
 * it really is. The folder is the process's own and goes when it goes.
 *
 * @param files contents by path below `/app`
 * @returns the variables to start the provider with
 */
export async function mountFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
  variables: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const paths = Object.keys(files);
  if (paths.length === 0) return variables;
  const root = join(folder, FOLDER);
  const named = nameOfAny(paths);
  const real = (value: string): string => value.replace(named, (_whole, path: string) => join(root, path));
  try {
    for (const [path, content] of Object.entries(files)) await writeInside(root, path, inPlace(path, content, real));
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, real(value)]));
}

/** Credentials in JSON name other files, such as the one with a token: they too are told where these really are. */
function inPlace(path: string, content: Uint8Array, real: (text: string) => string): Uint8Array {
  if (!path.endsWith('.json')) return content;
  const text = Buffer.from(content).toString();
  const told = real(text);
  return told === text ? content : Buffer.from(told);
}

async function writeInside(root: string, path: string, content: Uint8Array): Promise<void> {
  const target = join(root, path);
  invariant(!relative(root, target).startsWith('..'), 'the path of a mounted file was checked when it was saved');
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await writeFile(target, content, { mode: 0o600, flag: 'wx' });
}

/** `/app/gcp.json`, also in `file:///app/gcp.json`; not in `/my/app/gcp.json`, nor the beginning of a longer name. */
function nameOfAny(paths: readonly string[]): RegExp {
  const known = [...new Set(paths.flatMap(withFolders))].toSorted((a, b) => b.length - a.length);
  return new RegExp(`(?<![\\w.-])${MOUNT}/(${known.map(literal).join('|')})(?![\\w.-])`, 'g');
}

/** A variable may name the folder of some files. */
function withFolders(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [path] : [path, ...withFolders(parent)];
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
