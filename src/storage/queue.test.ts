import assert from 'node:assert/strict';
import { join } from 'node:path';

import { silentLogger } from '../shared/logger.ts';
import { openTestConnection, testFolder } from '../testing/storage.ts';
import { type Storage, storageOver } from './database.ts';
import { type Queue, startQueue } from './queue.ts';

describe('the queue', () => {
  let storage: Storage;
  let queue: Queue;
  before(async function () {
    const keyFile = join(testFolder(), 'queue-keys.json');
    storage = await storageOver(await openTestConnection(), { keyFile, logger: silentLogger });
    queue = await startQueue(storage, silentLogger);
  });
  after(async () => {
    await queue?.stop();
    await storage?.close();
  });

  it('hands a job to its worker with its data, at once and not at the next poll', async () => {
    let handled = Promise.withResolvers<object>();
    await queue.work('greet', async (data) => handled.resolve(data));
    const took: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      handled = Promise.withResolvers<object>();
      const sentAt = performance.now();
      await queue.send('greet', { name: "it's ? $1", at });
      assert.deepEqual(await handled.promise, { name: "it's ? $1", at });
      took.push(performance.now() - sentAt);
    }
    // By polling every two seconds the five would take eight, whatever else the computer has to do.
    assert.ok(Math.min(...took) < 1500, `${took.join(', ')} ms`);
  });

  it('runs a job again when its handler failed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let runs = 0;
    await queue.work('flaky', async () => {
      runs += 1;
      if (runs === 1) throw new Error('first time unlucky');
      resolve();
    });
    await queue.send('flaky', {});
    await promise;
    assert.equal(runs, 2);
  });

  it('leaves the ORM alone: transactions go on beside it', async () => {
    await Promise.all([
      queue.send('greet', { name: 'again' }),
      storage.transaction(async (db) => {
        await db.em.execute(`insert into setting (id, value) values ('x', ''::bytea)`);
        await new Promise((resolve) => setTimeout(resolve, 50));
        const rows = await db.em.execute(`select id from setting where id = 'x'`);
        assert.equal(rows.length, 1);
      }),
    ]);
  });
});
