import { spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { AppError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/logger.ts';
import { type ExecutorWorld, makeExecutorWorld, type WorldOptions } from './executor-world.ts';
import { isInside, readMounted } from './mounts.ts';
import { inNamespace, missingTools } from './namespace-command.ts';
import { makeProviderWorld } from './provider-world.ts';

/** `auto` takes namespaces where the machine permits them, `namespace` demands them, `none` never asks. */
export type IsolationWish = 'auto' | 'namespace' | 'none';

const PROBE_TIMEOUT_MS = 60_000; // it takes a tenth of a second; this is for a machine that swaps
const TEMPORARY = '/tmp';

const HELP = 'docs/operations.md tells what a machine must permit';

/**
 * The place in which the executor is to run, tried out; undefined where it runs as any other program does.
 *
 * @throws AppError when namespaces are demanded and this machine does not permit them
 */
export async function chooseIsolation(
  wish: IsolationWish,
  options: WorldOptions,
  logger: Logger,
): Promise<ExecutorWorld | undefined> {
  const found = wish === 'none' ? 'they are switched off by SLUICE_EXECUTOR_ISOLATION' : await tryWorld(options);
  if (typeof found !== 'string') return found;
  if (wish === 'namespace') {
    throw new AppError('UNAVAILABLE', `SLUICE_EXECUTOR_ISOLATION is namespace, which is impossible: ${found}. ${HELP}`);
  }
  const so = `providers run without namespaces of their own: ${found}`;
  if (options.runAs !== undefined) logger.info({}, so);
  else logger.warn({}, `${so}. They can read whatever the server's user can, its keys among it. ${HELP}`);
  return undefined;
}

/** @returns a world that works, or why there is none */
async function tryWorld(options: WorldOptions): Promise<ExecutorWorld | string> {
  if (process.platform !== 'linux') return 'only Linux has them';
  const missing = missingTools();
  if (missing.length > 0) return `${missing.join(', ')} (of util-linux) missing`;
  let world: ExecutorWorld | undefined;
  try {
    world = await makeExecutorWorld(options);
    const problem = await probe(world, options);
    if (problem === undefined) return world;
    await world.remove();
    return problem;
  } catch (error) {
    await world?.remove();
    return error instanceof Error ? error.message : String(error);
  }
}

/** Runs a program in the place of a provider in the place of the executor. */
async function probe(world: ExecutorWorld, { sockets, runAs }: WorldOptions): Promise<string | undefined> {
  const folder = await mkdtemp(join(sockets, 'probe-'));
  try {
    // What is mounted in there below the folder for temporary files is not what is mounted out here.
    const mounted = readMounted().filter(({ point }) => point === TEMPORARY || !isInside(point, TEMPORARY));
    const inner = makeProviderWorld({ folder, socketDir: sockets, workDir: '/', builtIn: true }, mounted);
    if (runAs !== undefined) await giveAway(folder, runAs);
    return await run(inNamespace(inNamespace(['/bin/sh', '-c', 'exit 0'], inner), world));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function giveAway(folder: string, { uid, gid }: { readonly uid: number; readonly gid: number }): Promise<void> {
  const names = await readdir(folder, { recursive: true });
  await Promise.all([folder, ...names.map((name) => join(folder, name))].map((path) => chown(path, uid, gid)));
}

async function run([program = '', ...args]: readonly string[]): Promise<string | undefined> {
  const child = spawn(program, args, { env: {}, stdio: ['ignore', 'ignore', 'pipe'], timeout: PROBE_TIMEOUT_MS });
  const ending = new Promise<number | string | null>((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? signal));
    child.once('error', (error) => resolve(error.message));
  });
  const said = await text(child.stderr);
  const ended = await ending;
  return ended === 0 ? undefined : (said.trim().split('\n')[0] ?? '') || `a trial ended with ${ended}`;
}
