import { statSync } from 'node:fs';
import { access, constants, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { AppError } from '../../shared/errors.ts';
import { compileCache } from '../compile-cache.ts';
import { filesBeside } from '../executor-folders.ts';
import { isInside, readMounted } from './mounts.ts';
import type { Namespace } from './namespace-command.ts';
import { layWorld, type Shown, systemShown } from './world.ts';

/** What providers may see of the server's machine, beside programs and libraries. */
export interface Visibility {
  /** Folders and files that they may read, such as where they are installed. */
  readonly readable: readonly string[];
  /** Folders that they may write to as well. */
  readonly writable: readonly string[];
  /** Folders and files that they must not see, wherever these lie. */
  readonly hidden: readonly string[];
}

export interface WorldOptions {
  readonly visibility: Visibility;
  /** Where a folder for the world's bare bones is made. */
  readonly parent: string;
  readonly sockets: string;
  readonly work: string;
  readonly runAs: Namespace['runAs'];
}

/** The place in which the executor runs. */
export interface ExecutorWorld extends Namespace {
  remove(): Promise<void>;
}

/** Lays out what the executor, and so every provider, can see. @throws AppError when a secret file would be in it */
export async function makeExecutorWorld({ visibility, parent, sockets, work, runAs }: WorldOptions) {
  const seen = await everythingShown(visibility, [sockets, work, ...(await ownCache())]);
  const files = filesBeside(sockets);
  await mkdir(files, { mode: 0o700 });
  const shown: Shown[] = [...seen, { path: files, how: 'memory', owner: runAs }];
  const folder = await mkdtemp(join(parent, `sluice-${process.pid}-world`));
  const [root, onto, mounts] = ['root', 'onto', 'mounts'].map((name) => join(folder, name)) as [string, string, string];
  await Promise.all([mkdir(root), mkdir(onto)]);
  await writeFile(mounts, layWorld(root, onto, shown, readMounted()));
  const world: ExecutorWorld = {
    mounts,
    root: onto,
    cwd: work,
    mayNest: true,
    runAs,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
  return world;
}

async function everythingShown({ readable, writable, hidden }: Visibility, own: readonly string[]): Promise<Shown[]> {
  const present = [...ownProgram(), ...readable].filter((path) => kindOf(path) !== undefined);
  const shown: Shown[] = [
    ...systemShown(),
    ...present.map((path) => ({ path: resolve(path), how: 'readable' }) as const),
    ...writable.map((path) => ({ path: folderAt(path), how: 'writable' }) as const),
  ];
  for (const path of await everyNameOf(hidden)) {
    if (kindOf(path) === 'folder') shown.push({ path, how: 'hidden' });
    else refuseIfShown(path, shown);
  }
  return [...shown, ...own.map((path) => ({ path, how: 'writable' }) as const)];
}

/** What this program is made of: the executor and the built-in provider run from it. Not its folder, where settings lie. */
function ownProgram(): string[] {
  const root = resolve(import.meta.dirname, '../../..');
  return [process.execPath, ...['src', 'generated', 'node_modules', 'package.json'].map((name) => join(root, name))];
}

/** Where this program may keep what it compiled; providers that are not part of it can only read there. */
async function ownCache(): Promise<string[]> {
  const usable = mkdir(compileCache, { recursive: true }).then(() => access(compileCache, constants.W_OK));
  return usable.then(
    () => [compileCache],
    () => [], // installed by somebody else: it is as it is
  );
}

async function everyNameOf(paths: readonly string[]): Promise<string[]> {
  const real = await Promise.all(paths.map((path) => realpath(path).catch(() => path)));
  return [...new Set([...paths.map((path) => resolve(path)), ...real])];
}

// A file that is replaced comes out from under what is mounted on it, so a file cannot be hidden for long.
function refuseIfShown(path: string, shown: readonly Shown[]): void {
  const around = shown.filter((each) => isInside(path, each.path)).toSorted((a, b) => a.path.length - b.path.length);
  const innermost = around.at(-1);
  if (innermost === undefined || innermost.how === 'hidden') return;
  throw new AppError(
    'BAD_INPUT',
    `${path} must not lie in ${innermost.path}, which providers may see; move it into another folder`,
  );
}

function folderAt(path: string): string {
  if (kindOf(path) === 'folder') return resolve(path);
  throw new AppError('BAD_INPUT', `there is no folder ${path}, to which providers may write; make it`);
}

function kindOf(path: string): 'folder' | 'file' | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isDirectory() ? 'folder' : 'file';
}
