import assert from 'node:assert/strict';
import { join } from 'node:path';

import type { Upkeep } from './intent/index.ts';
import { silentLogger } from './shared/logger.ts';
import { type Storage, storageOver } from './storage/database.ts';
import { openTestConnection, testFolder } from './testing/storage.ts';
import { startUpkeep } from './upkeep.ts';

describe('what is due for projects', () => {
  let storage: Storage;
  before(async function () {
    const keyFile = join(testFolder(), 'upkeep-keys.json');
    storage = await storageOver(await openTestConnection(), { keyFile, logger: silentLogger });
  });
  after(() => storage?.close());

  it('goes over the queue to its job, once, and nothing starts the queue before', async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const done: string[] = [];
    let looks = 0;
    const upkeep: Upkeep = {
      jobs: [
        {
          name: 'tidy',
          run: ({ project }) => {
            done.push(project);
            resolve(project);
            return Promise.resolve();
          },
        },
      ],
      due: () => {
        looks += 1;
        if (looks === 1) return Promise.reject(new Error('the database is away'));
        return Promise.resolve(looks > 3 ? [{ name: 'tidy', project: 'shop' }] : []);
      },
    };
    const running = startUpkeep(upkeep, { storage, log: silentLogger }, 20);
    assert.equal(await promise, 'shop');
    const before = looks;
    await new Promise((pause) => setTimeout(pause, 200));
    assert.ok(looks > before);
    assert.deepEqual(done, ['shop']);
    await running.stop();
  });
});
