import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { inOneProcess } from './one-process.ts';

const times = { heartbeatMs: 20, staleMs: 200, pollMs: 5, waitMs: 400 };

describe('work of one process at a time', () => {
  let base: string;
  let lock: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
    lock = join(base, 'deep', '.lock');
  });
  afterEach(() => rmSync(base, { recursive: true }));

  it('follows other work, also work that failed or takes longer than a lock lives without a heartbeat', async () => {
    const events: string[] = [];
    const work = (name: string, ms: number) =>
      inOneProcess(
        lock,
        async () => {
          events.push(`${name} begins`);
          await sleep(ms);
          events.push(`${name} ends`);
          if (name === 'a') throw new Error('failed');
        },
        times,
      );
    const first = assert.rejects(work('a', 300), /failed/);
    await sleep(50);
    await Promise.all([first, work('b', 1)]);
    assert.deepEqual(events, ['a begins', 'a ends', 'b begins', 'b ends']);
    assert.equal(existsSync(lock), false);
  });

  it('takes over from a process that is gone', async () => {
    await inOneProcess(lock, async () => {}, times);
    writeFileSync(lock, '');
    utimesSync(lock, 1, 1);
    assert.equal(await inOneProcess(lock, async () => 'done', times), 'done');
  });

  it('gives up when another works for too long', async () => {
    let end = (): void => {};
    const long = inOneProcess(lock, () => new Promise<void>((done) => (end = done)), times);
    await sleep(20);
    await assert.rejects(
      inOneProcess(lock, async () => {}, times),
      { code: 'UNAVAILABLE', message: /remove .*\.lock/ },
    );
    end();
    await long;
  });

  it('says which folder could not be used', async () => {
    writeFileSync(join(base, 'file'), '');
    const work = inOneProcess(join(base, 'file', '.lock'), async () => {});
    await assert.rejects(work, { code: 'UNAVAILABLE', message: /ENOTDIR|EEXIST/ });
  });
});
