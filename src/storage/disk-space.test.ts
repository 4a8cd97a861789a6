import assert from 'node:assert/strict';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';

import { silentLogger } from '../shared/logger.ts';
import { assertRefused } from '../testing/refusals.ts';
import { openTestConnection, testFolder } from '../testing/storage.ts';
import { storageOver } from './database.ts';
import { createSpaceCheck } from './disk-space.ts';

describe('room on the disk', () => {
  it('is asked for before new work, and a lack of it is said with numbers', async () => {
    await createSpaceCheck(testFolder(), 1)();
    const { blocks, bsize } = await statfs(testFolder());
    const refused = createSpaceCheck(testFolder(), blocks * bsize + 1)();
    await assertRefused('UNAVAILABLE', refused, /almost full: \d+ MB left, \d+ MB are needed; .* Nothing was done/);
  });

  it('stops new transactions before they begin, and lets those go on that record what has acted', async () => {
    const connection = await openTestConnection();
    const full = { ...connection, requireSpace: () => Promise.reject(new Error('almost full')) };
    const keyFile = join(testFolder(), 'space-keys.json');
    const storage = await storageOver(full, { keyFile, logger: silentLogger });
    let begun = 0;
    const work = async (): Promise<void> => {
      begun += 1;
    };
    await assert.rejects(storage.transaction(work), /almost full/);
    assert.equal(begun, 0);
    await storage.transaction(work, { durable: true });
    await storage.transaction(work, { vital: true });
    await storage.read(work);
    assert.equal(begun, 3);
    await storage.close();
  });
});
