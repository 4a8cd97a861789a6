import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { invariant } from '../shared/errors.ts';

const SEGMENT = /^[0-9A-F]{24}$/;

/**
 * PGlite writes its log before a commit returns but never calls fsync, so a power cut could undo what was acknowledged.
 * The function made here fsyncs the log segments written since the last call. Callers that wait at the same time share
 * one fsync: whoever comes while one is running gets the next.
 *
 * When the log moves on to another segment, everything else in the cluster is fsynced too: a checkpoint may have
 * happened, after which the log no longer holds what the data files should.
 */
export function createWalFlusher(folder: string): () => Promise<void> {
  const log = join(folder, 'pg_wal');
  let synced = '';
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    const current = await currentSegment(log);
    if (current !== synced) {
      await syncTree(folder);
      synced = current;
    } else {
      await syncFile(join(log, current));
    }
  };
  const start = (): Promise<void> => {
    running = run().finally(() => {
      running = undefined;
    });
    return running;
  };
  return () => {
    if (running === undefined) return start();
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined;
        return start();
      });
    return next;
  };
}

// Segments are named in order. Those recycled for later use have higher names, so the youngest is not the current one:
// PGlite recycles none (tested), and a wrong guess would show as a segment that never changes.
async function currentSegment(log: string): Promise<string> {
  const segments = (await readdir(log)).filter((name) => SEGMENT.test(name)).toSorted();
  const last = segments.at(-1);
  invariant(last !== undefined, 'the database has no log segment');
  return last;
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await syncTree(path);
    else if (entry.isFile()) await syncFile(path);
  }
  await syncFile(folder);
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(ignoreMissing);
  if (handle === undefined) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

// The database may delete a file between the listing and the fsync.
function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
