import { mkdir, open, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { AppError } from '../../shared/errors.ts';
import { diskProblem } from '../disk-problem.ts';

export interface OneProcessTimes {
  readonly heartbeatMs: number;
  /** A lock without a heartbeat for so long belongs to a process that is gone. */
  readonly staleMs: number;
  readonly pollMs: number;
  readonly waitMs: number;
}

const usualTimes: OneProcessTimes = { heartbeatMs: 5_000, staleMs: 30_000, pollMs: 200, waitMs: 31 * 60_000 };

/**
 * Runs the work while no other process does work under the same lock file. Where two take over a stale lock in the same
 * moment, both run: what they download then fails its checksum or is the same; nothing wrong is kept.
 */
export async function inOneProcess<T>(lock: string, work: () => Promise<T>, times = usualTimes): Promise<T> {
  await mkdir(dirname(lock), { recursive: true }).catch((cause: unknown) => {
    throw diskProblem(`installing a provider in ${dirname(lock)}`, cause);
  });
  await take(lock, times);
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(lock, now, now).catch(() => {}); // it is gone when somebody took it for stale
  }, times.heartbeatMs);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(lock, { force: true });
  }
}

async function take(lock: string, times: OneProcessTimes): Promise<void> {
  const deadline = Date.now() + times.waitMs;
  while (!(await create(lock))) {
    const found = await stat(lock).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > times.staleMs) await rm(lock, { force: true });
    else if (Date.now() > deadline) throw stuck(lock);
    else await sleep(times.pollMs);
  }
}

async function create(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600);
    await file.close();
    return true;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false;
    throw diskProblem(`installing a provider, with the lock ${lock},`, cause);
  }
}

function stuck(lock: string): AppError {
  return new AppError(
    'UNAVAILABLE',
    `another process has been installing this provider for long; if none is, remove ${lock}`,
  );
}
