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
  const segments = listSegments(join(folder, 'pg_wal'));
  return async () => {
    const startedAt = Date.now();
    const lastCheckpoint = changedAt(join(folder, 'global', 'pg_control'));
    if (lastCheckpoint === checkpoint) await syncLog(segments(), since - CLOCK_SLACK_MS, syncFile);
    else await syncTree(folder, syncFile);
    since = startedAt;
    checkpoint = lastCheckpoint;
  };
}

/** The segments there are; their folder is read again only when something came or went in it. */
function listSegments(log: string): () => readonly string[] {
  let known: string[] = [];
  let seen = 0;
  let readAt = 0;
  return () => {
    const changed = changedAt(log);
    if (changed === seen && readAt - changed > CLOCK_SLACK_MS) return known;
    seen = changed;
    readAt = Date.now();
    known = readdirSync(log).flatMap((name) => (SEGMENT.test(name) ? [join(log, name)] : []));
    return known;
  };
}

async function syncLog(segments: readonly string[], since: number, syncFile: SyncFile): Promise<void> {
  for (const path of segments.filter((each) => changedAt(each) >= since)) await syncFile(path);
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
