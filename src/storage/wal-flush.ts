import { closeSync, fdatasync, openSync, readdirSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const sync = promisify(fdatasync); // the size is metadata that it keeps; only file times are left out

type SyncFile = (path: string) => Promise<void>;

const SEGMENT = /^[0-9A-F]{24}$/;
const CLOCK_SLACK_MS = 100; // file times come from the kernel's coarse clock, some milliseconds behind ours

/**
 * PGlite writes its log before a commit returns but never calls fsync, so a power cut could undo what was acknowledged.
 * The function made here fsyncs the log segments written since the last call. Callers that wait at the same time share
 * one fsync: whoever comes while one is running gets the next.
 *
 * After a checkpoint the log no longer holds what the data files should, so then the whole cluster is fsynced.
 *
 * @param syncFile for tests, which count
 */
export function createWalFlusher(folder: string, syncFile: SyncFile = syncPresent): () => Promise<void> {
  const flushOnce = flushSince(folder, syncFile);
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const start = (): Promise<void> => {
    running = flushOnce().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => {}) // whoever started that one is told
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}

function flushSince(folder: string, syncFile: SyncFile): () => Promise<void> {
  let since = 0;
  let checkpoint = 0;
  return async () => {
    const startedAt = Date.now();
    const lastCheckpoint = changedAt(join(folder, 'global', 'pg_control'));
    if (lastCheckpoint === checkpoint) await syncLog(join(folder, 'pg_wal'), since - CLOCK_SLACK_MS, syncFile);
    else await syncTree(folder, syncFile);
    since = startedAt;
    checkpoint = lastCheckpoint;
  };
}

async function syncLog(log: string, since: number, syncFile: SyncFile): Promise<void> {
  const written = readdirSync(log).filter((name) => SEGMENT.test(name) && changedAt(join(log, name)) >= since);
  for (const name of written) await syncFile(join(log, name));
}

async function syncTree(folder: string, syncFile: SyncFile): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path, syncFile);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFile(folder);
}

export async function syncPresent(path: string): Promise<void> {
  const file = openPresent(path);
  if (file === undefined) return;
  try {
    await sync(file);
  } finally {
    closeSync(file);
  }
}

// What the kernel knows by heart is asked at once: to have a thread ask costs ten times as much, and each change waits.
function changedAt(path: string): number {
  return statSync(path).mtimeMs;
}

// The database may delete a file between the listing and the fsync.
function openPresent(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
