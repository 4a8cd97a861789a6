import assert from 'node:assert/strict';

import { testStorage } from '../testing/storage.ts';
import type { Storage } from './database.ts';
import { deleteSpace, findSpace, findSpaces, insertSpace, type SpaceRow, updateSpace } from './spaces.ts';

const root: SpaceRow = {
  id: 'root',
  name: `O'Neil \\ "quoted" ? \n $1`,
  description: '',
  parentSpace: undefined,
  inheritEntities: false,
  labels: ['a,"b', '{}', "it's"],
  createdAt: new Date('2026-01-02T03:04:05.678Z'),
};

describe('plain rows', () => {
  let storage: Storage;
  beforeEach(async () => {
    storage = await testStorage();
  });

  it('come back as they were written', async () => {
    await storage.transaction((db) => insertSpace(db, root));
    assert.deepEqual(await storage.read((db) => findSpace(db, 'root')), root);
  });

  it('change only where asked, and empty a column that is given as undefined', async () => {
    await storage.transaction(async (db) => {
      await insertSpace(db, root);
      await insertSpace(db, { ...root, id: 'child', parentSpace: 'root' });
      assert.equal(await updateSpace(db, 'child', { name: 'Child', labels: [] }), true);
      assert.equal(await updateSpace(db, 'nobody', { name: 'x' }), false);
    });
    const [child, untouched] = await storage.read(findSpaces);
    assert.deepEqual(child, { ...root, id: 'child', parentSpace: 'root', name: 'Child', labels: [] });
    assert.deepEqual(untouched, root);
  });

  it('are not written twice under one key', async () => {
    assert.equal(await storage.transaction((db) => insertSpace(db, root)), true);
    assert.equal(await storage.transaction((db) => insertSpace(db, { ...root, name: 'again' })), false);
    assert.equal((await storage.read((db) => findSpace(db, 'root')))?.name, root.name);
  });

  it('are gone after a removal and untouched by a transaction that fails', async () => {
    await storage.transaction((db) => insertSpace(db, root));
    await assert.rejects(
      storage.transaction(async (db) => {
        await deleteSpace(db, 'root');
        throw new Error('changed my mind');
      }),
      /changed my mind/,
    );
    assert.notEqual(await storage.read((db) => findSpace(db, 'root')), undefined);
    await storage.transaction((db) => deleteSpace(db, 'root'));
    assert.equal(await storage.read((db) => findSpace(db, 'root')), undefined);
  });

  it('refuses a call of the storage from inside a transaction, which would wait for itself', async () => {
    await assert.rejects(
      storage.transaction(() => storage.read(findSpaces)),
      /called from inside a transaction/,
    );
  });
});
