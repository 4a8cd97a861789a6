import assert from 'node:assert/strict';
import { type FileHandle, mkdir, mkdtemp, open, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { testFolder } from '../testing/storage.ts';
import { createWalFlusher } from './wal-flush.ts';

// Counts fdatasync calls on the way to the system: what they do to the disk cannot be seen from here.
async function countSyncs(work: () => Promise<void>): Promise<number> {
  const probe = await open(join(testFolder(), 'probe'), 'w');
  const prototype = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  const real = Object.getOwnPropertyDescriptor(prototype, 'datasync')?.value as () => Promise<void>;
  let calls = 0;
  prototype.datasync = function (this: FileHandle) {
    calls += 1;
    return real.call(this);
  };
  try {
    await work();
  } finally {
    prototype.datasync = real;
  }
  return calls;
}

describe('flushing what PGlite acknowledged', () => {
  let cluster: string;
  const segment = (name: string): string => join(cluster, 'pg_wal', name);
  const old = new Date('2026-01-01T00:00:00Z');
  beforeEach(async () => {
    cluster = await mkdtemp(join(testFolder(), 'cluster-'));
    for (const folder of ['pg_wal', 'global', 'base/1']) await mkdir(join(cluster, folder), { recursive: true });
    for (const file of [segment('000000010000000000000001'), segment('notes'), join(cluster, 'base/1/table')]) {
      await writeFile(file, 'x');
    }
    await writeFile(join(cluster, 'global/pg_control'), 'x');
    await utimes(join(cluster, 'global/pg_control'), old, old);
  });
  afterEach(() => rm(cluster, { recursive: true }));

  it('syncs the whole cluster at first and after a checkpoint, and only the written segment in between', async () => {
    const flush = createWalFlusher(cluster);
    const whole = await countSyncs(flush);
    assert.equal(whole, 4 + 5, 'four files and five folders');
    assert.equal(await countSyncs(flush), 1);
    await writeFile(join(cluster, 'global/pg_control'), 'checkpoint');
    assert.equal(await countSyncs(flush), whole);
  });

  it('leaves out segments that were not written since, such as those kept for later use', async () => {
    const flush = createWalFlusher(cluster);
    await flush();
    await writeFile(segment('000000010000000000000002'), 'x');
    await utimes(segment('000000010000000000000002'), old, old);
    assert.equal(await countSyncs(flush), 1);
    await utimes(segment('000000010000000000000001'), old, old);
    await new Promise((resolve) => setTimeout(resolve, 120));
    await writeFile(segment('000000010000000000000003'), 'x');
    assert.equal(await countSyncs(flush), 1);
  });

  it('lets callers that wait together share one sync, but never one that began before they came', async () => {
    const flush = createWalFlusher(cluster);
    await flush();
    const later = new Date(Date.now() + 60_000); // written since, however slow this computer is
    await utimes(segment('000000010000000000000001'), later, later);
    const syncs = await countSyncs(async () => {
      await Promise.all([flush(), flush(), flush(), flush()]);
    });
    assert.equal(syncs, 2);
  });

  it('tells the caller when the disk refuses', async () => {
    await rm(join(cluster, 'global'), { recursive: true });
    await assert.rejects(createWalFlusher(cluster)(), /ENOENT/);
  });
});
