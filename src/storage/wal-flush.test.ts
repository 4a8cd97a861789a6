import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { testFolder } from '../testing/storage.ts';
import { createWalFlusher, syncPresent } from './wal-flush.ts';

describe('flushing what PGlite acknowledged', () => {
  let cluster: string;
  const segment = (name: string): string => join(cluster, 'pg_wal', name);
  const old = new Date('2026-01-01T00:00:00Z');
  let syncs: number;
  const flusher = () =>
    createWalFlusher(cluster, async (path) => {
      syncs += 1;
      await syncPresent(path);
    });
  /** Written since, however slow this computer is. */
  const write = async (name: string): Promise<void> => {
    const later = new Date(Date.now() + 60_000);
    await writeFile(segment(name), 'x');
    await utimes(segment(name), later, later);
  };
  const countSyncs = async (work: () => Promise<unknown>): Promise<number> => {
    syncs = 0;
    await work();
    return syncs;
  };
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
    const flush = flusher();
    const whole = await countSyncs(flush);
    assert.equal(whole, 4 + 5, 'four files and five folders');
    await write('000000010000000000000001');
    assert.equal(await countSyncs(flush), 1);
    await writeFile(join(cluster, 'global/pg_control'), 'checkpoint');
    assert.equal(await countSyncs(flush), whole);
  });

  it('leaves out segments that were not written since, such as those kept for later use', async () => {
    const flush = flusher();
    await flush();
    await write('000000010000000000000001');
    await writeFile(segment('000000010000000000000002'), 'x');
    await utimes(segment('000000010000000000000002'), old, old);
    assert.equal(await countSyncs(flush), 1);
    await utimes(segment('000000010000000000000001'), old, old);
    await write('000000010000000000000003');
    assert.equal(await countSyncs(flush), 1);
  });

  it('knows segments that come and go, also long after it looked for them', async () => {
    const log = join(cluster, 'pg_wal');
    const past = (days: number): Promise<void> => utimes(log, old, new Date(old.getTime() + days * 86_400_000));
    const flush = flusher();
    await past(1);
    await flush();
    await write('000000010000000000000001');
    await past(1);
    assert.equal(await countSyncs(flush), 1);
    await write('000000010000000000000002');
    await past(2);
    assert.equal(await countSyncs(flush), 2);
    await rm(segment('000000010000000000000001'));
    await past(3);
    assert.equal(await countSyncs(flush), 1);
  });

  it('lets callers that wait together share one sync, but never one that began before they came', async () => {
    const flush = flusher();
    await flush();
    await write('000000010000000000000001');
    assert.equal(await countSyncs(() => Promise.all([flush(), flush(), flush(), flush()])), 2);
  });

  it('tells the caller when the disk refuses', async () => {
    await rm(join(cluster, 'global'), { recursive: true });
    await assert.rejects(flusher()(), /ENOENT/);
  });
});
