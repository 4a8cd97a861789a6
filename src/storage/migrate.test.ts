import assert from 'node:assert/strict';

import { openTestConnection } from '../testing/storage.ts';
import type { Connection } from './connection.ts';
import { entities } from './entities/index.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';

describe('bringing the tables up to date', () => {
  let connection: Connection;
  before(async () => {
    connection = await openTestConnection();
  });
  after(() => connection.close());
  const later = (...statements: string[]) => [...migrations, { name: '9999-later', statements }];
  const column = async (sql: string): Promise<unknown[]> => (await connection.executeSql(sql)).rows;

  it('gives each migration a name of its own', () => {
    const names = migrations.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
  });

  it('does nothing to a database that is up to date', async () => {
    const before = await column('select name, applied_at from schema_version');
    await migrate(connection);
    assert.deepEqual(await column('select name, applied_at from schema_version'), before);
  });

  it('makes a column for every property of every entity', async () => {
    const tables = [...connection.fork().getMetadata().getAll().values()];
    assert.equal(tables.length, entities.length);
    for (const meta of tables) {
      const rows = await column(
        `select column_name as name, is_nullable = 'YES' as nullable from information_schema.columns
          where table_schema = 'public' and table_name = '${meta.tableName}' order by 1`,
      );
      const wanted = meta.props
        .map((property) => ({ name: property.fieldNames[0] ?? '', nullable: property.nullable === true }))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1));
      assert.deepEqual(rows, wanted, meta.tableName);
    }
  });

  it('takes a key away that nothing is signed or checked with any more, and no other', async () => {
    const ids = `select id from setting where id like 'token-%' order by id`;
    await column(`insert into setting (id, value) values ('token-signing-key', 'x'), ('token-signing-keys', 'y')`);
    await column(`delete from schema_version where name = '2026-11-22-old-token-key'`);
    await migrate(connection);
    assert.deepEqual(await column(ids), [{ id: 'token-signing-keys' }]);
  });

  it('leaves no half of a migration that fails, and finishes it the next time', async () => {
    await assert.rejects(migrate(connection, later('create table half (id int)', 'create nonsense')));
    assert.deepEqual(await column(`select to_regclass('half') as half`), [{ half: null }]);
    assert.deepEqual(await column(`select name from schema_version where name = '9999-later'`), []);
    await migrate(connection, later('create table half (id int)'));
    assert.deepEqual(await column(`select to_regclass('half')::text as half`), [{ half: 'half' }]);
  });

  it('refuses a database that a newer server has written', async () => {
    await assert.rejects(migrate(connection), /schema version 9999-later, newer than this Sluice/);
  });
});
