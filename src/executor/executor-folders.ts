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
 * Makes the folders of one executor. The sockets' is in the temporary folder when the wished place makes paths too long,
 * or when another user must get there. What a killed server left in the wished place is removed.
 */
export async function makeExecutorFolders({ socketDir, workDir, runAs }: ExecutorOptions): Promise<ExecutorFolders> {
  const wished = resolve(socketDir);
  await mkdir(wished, { recursive: true, mode: 0o700 });
  await removeStale(wished);
  const elsewhere = runAs !== undefined || Buffer.byteLength(wished) > MAX_PATH_BYTES;
  const sockets = await mkdtemp(join(elsewhere ? tmpdir() : wished, `sluice-${process.pid}-`));
  const work = resolve(workDir ?? (runAs === undefined ? join(wished, 'work') : sockets));
  await mkdir(work, { recursive: true, mode: 0o700 });
  if (runAs !== undefined) await Promise.all([sockets, work].map((path) => chown(path, runAs.uid, runAs.gid)));
  return { parent: wished, sockets, work };
}

async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const owner = /^sluice-(\d+)-\w+$/.exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner)))
      await rm(join(parent, name), { recursive: true, force: true });
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
