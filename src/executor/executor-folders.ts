import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { ExecutorOptions } from './executor.ts';

// A socket's path holds 107 bytes; below this folder come a provider's own folder and a name it chooses.
const MAX_PATH_BYTES = 60;

export interface ExecutorFolders {
  /** For sockets, mode 0700; removed with the executor. */
  readonly sockets: string;
  /** Where the folders of all executors of this data folder are. */
  readonly parent: string;
  /** Where providers run; what they write by a relative path stays. */
  readonly work: string;
}

/**
 * Where the files that projects give their providers lie, beside the sockets. In an executor's world of its own this is in
 * memory, and gone with the executor however that ends.
 */
export function filesBeside(sockets: string): string {
  return join(sockets, 'files');
}

/**
 * Makes the folders of one executor. The sockets' is in the temporary folder when the wished place makes paths too long,
 * or when another user must get there. What a killed server left in either is removed.
 */
export async function makeExecutorFolders({ socketDir, workDir, runAs }: ExecutorOptions): Promise<ExecutorFolders> {
  const wished = resolve(socketDir);
  await mkdir(wished, { recursive: true, mode: 0o700 });
  const elsewhere = runAs !== undefined || Buffer.byteLength(wished) > MAX_PATH_BYTES;
  await removeStale(wished);
  if (elsewhere) await removeStale(tmpdir());
  const sockets = await mkdtemp(join(elsewhere ? tmpdir() : wished, `sluice-${process.pid}-`));
  const work = resolve(workDir ?? (runAs === undefined ? join(wished, 'work') : sockets));
  await mkdir(work, { recursive: true, mode: 0o700 });
  if (runAs !== undefined) await Promise.all([sockets, work].map((path) => chown(path, runAs.uid, runAs.gid)));
  return { parent: wished, sockets, work };
}

async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^sluice-(\d+)-\w+$/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    // In the temporary folder it may be somebody else's.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
