import assert from 'node:assert/strict';
import { join } from 'node:path';

import { silentLogger } from '../shared/logger.ts';
import { aSpace } from '../testing/storage-rows.ts';
import { describeStorage } from '../testing/storage-suite.ts';
import { startTestPostgres, type TestPostgres } from '../testing/postgres.ts';
import { empty, testFolder } from '../testing/storage.ts';
import { requireTool } from '../testing/tools.ts';
import { migrations } from './migrations/index.ts';
import { openStorage, type Storage } from './database.ts';
import { findSpaces, insertSpace } from './spaces.ts';

describe('PostgreSQL', () => {
  let server: TestPostgres;
  let url: string;
  const opened: Storage[] = [];
  const open = async (databaseUrl: string): Promise<Storage> => {
    const keyFile = join(testFolder(), `keys-${databaseUrl.split('?')[0]?.split('/').at(-1)}.json`);
    const storage = await openStorage({ databaseUrl, dataDir: testFolder(), keyFile, logger: silentLogger });
    opened.push(storage);
    return storage;
  };

  before(requireTool('postgres'));
  before(async () => {
    server = await startTestPostgres();
    url = await server.createDatabase();
  });
  after(async () => {
    await Promise.all(opened.map((storage) => storage.close()));
    await server?.stop();
  });

  let shared: Promise<Storage> | undefined;
  describeStorage('PostgreSQL', async () => {
    shared ??= open(url);
    await empty(await shared);
    return shared;
  });

  it('takes two servers that start at once on an empty database, with one set of tables and keys', async () => {
    const fresh = await server.createDatabase();
    const [one, two] = await Promise.all([open(fresh), open(fresh)]);
    const sealed = one.vault.seal('secret', 'place');
    assert.equal((await two.vault.open(sealed, 'place')).toString(), 'secret');
    const versions = await one.executeSql('select name from schema_version');
    assert.equal(versions.rows.length, migrations.length);
  });

  it('goes on after the server was stopped as by a power cut, listening included', async () => {
    const storage = await open(await server.createDatabase());
    const heard: string[] = [];
    await storage.listen('tests', (payload) => heard.push(payload));
    await storage.transaction((db) => insertSpace(db, aSpace()));
    await server.restartImmediately();
    await retry(async () => assert.equal((await storage.read(findSpaces)).length, 1));
    await retry(async () => assert.deepEqual(heard, [''], 'the listener is told that it may have missed something'));
    await storage.notify('tests', 'again');
    await retry(async () => assert.deepEqual(heard, ['', 'again']));
  });

  it('outlives a connection that is cut between two statements of a transaction', async () => {
    const storage = await open(await server.createDatabase());
    const other = await open(await server.createDatabase());
    const cutOff = (): Promise<void> =>
      storage.transaction(async ({ em }) => {
        const [row] = await em.execute<{ pid: number }[]>('select pg_backend_pid() as pid');
        await other.executeSql('select pg_terminate_backend($1)', [row?.pid]);
        // Until the end is noticed.
        for (;;) await em.execute('select 1');
      });
    // More of them than the pool has places.
    for (let cuts = 0; cuts < 12; cuts += 1) await assert.rejects(cutOff(), /the database cannot be reached/);
    assert.equal((await storage.read(findSpaces)).length, 0);
  });

  it('says what to do when the server is not there or the address is none', async () => {
    for (const [databaseUrl, message] of [
      ['postgres://sluice:hunter2@127.0.0.1:1/none', /cannot be reached: .*check DATABASE_URL/],
      ['nonsense', /must look like postgres:/],
    ] as const) {
      const refused = open(databaseUrl);
      await assert.rejects(refused, message);
      await assert.rejects(refused, (error: Error) => !error.message.includes('hunter2'));
    }
  });

  it('says what to do when the key file is another one', async () => {
    const database = await server.createDatabase();
    await open(database);
    const keyFile = join(testFolder(), 'other-keys.json');
    await assert.rejects(
      openStorage({ databaseUrl: database, dataDir: testFolder(), keyFile, logger: silentLogger }),
      /lacks key .*restore the file/,
    );
  });
});

async function retry(check: () => Promise<void>): Promise<void> {
  for (let left = 50; ; left -= 1) {
    try {
      return await check();
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
