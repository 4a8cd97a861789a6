import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { testStorage } from '../testing/storage.ts';
import type { Storage } from './database.ts';

describe('statements that stay prepared', () => {
  let storage: Storage;
  before(async () => {
    storage = await testStorage();
  });

  it('take and give values of every type that we store', async () => {
    const at = new Date('2026-11-22T05:06:07.089Z');
    const [row] = await storage.read((db) =>
      db.execute(
        `select ?::text as text, ?::bigint as number, ?::boolean as truth, ?::bytea as bytes, ?::jsonb as json,
          ?::timestamptz as at, ?::text as nothing, array[?, 'b'] as list`,
        [`it's \\ $1 "x"`, 7, true, Buffer.from([0, 255, 39]), '{"a":[1]}', at, undefined, 'a'],
      ),
    );
    const { at: given, bytes, ...rest } = Object.assign({ at: '', bytes: new Uint8Array() }, row);
    assert.deepEqual(rest, {
      text: `it's \\ $1 "x"`,
      number: 7,
      truth: true,
      json: { a: [1] },
      nothing: null,
      list: ['a', 'b'],
    });
    assert.deepEqual([...bytes], [0, 255, 39]);
    assert.equal(new Date(given).getTime(), at.getTime());
  });

  it('go on after an error, with the same text too', async () => {
    const divide = (by: number) =>
      storage.read((db) => db.execute<{ is: number }>('select 6 / ?::integer as is', [by]));
    assert.deepEqual(await divide(2), [{ is: 3 }]);
    await assert.rejects(divide(0), /division by zero/);
    await assert.rejects(
      storage.read((db) => db.execute('select nothing from nowhere where a = ?', [1])),
      /nowhere/,
    );
    await assert.rejects(
      storage.read((db) => db.execute('select nothing from nowhere where a = ?', [1])),
      /nowhere/,
    );
    assert.deepEqual(await divide(3), [{ is: 2 }]);
  });

  it('are many more than are kept', async () => {
    for (let number = 0; number < 250; number += 1) {
      const rows = await storage.read((db) => db.execute(`select ?::integer + ${number} as sum`, [1]));
      assert.deepEqual(rows, [{ sum: number + 1 }]);
    }
    const [kept] = await storage.read((db) =>
      db.execute<{ count: number }>('select count(*)::int as count from pg_prepared_statements'),
    );
    assert.ok((kept?.count ?? 0) <= 100, 'the database keeps no more than we know of');
  });

  it('are planned anew after a while', async () => {
    const again = () => storage.read((db) => db.execute<{ n: number }>('select ?::integer as n', [1]));
    for (let use = 0; use < 1_100; use += 1) assert.deepEqual(await again(), [{ n: 1 }]);
    const [prepared] = await storage.read((db) =>
      db.execute<{ uses: number }>(
        `select (generic_plans + custom_plans)::int as uses from pg_prepared_statements
          where statement = 'select $1::integer as n'`,
      ),
    );
    assert.ok((prepared?.uses ?? 0) < 1_000, 'the first one is gone');
  });

  it('keep out of the transactions of others', async () => {
    const seen: string[] = [];
    const written = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const transaction = storage.transaction(async (db) => {
      await db.execute('insert into setting (id, value) values (?, ?)', ['prepared-test', Buffer.from('x')]);
      written.resolve();
      await asked.promise;
      seen.push('end');
    });
    await written.promise;
    const read = storage
      .read((db) => db.execute('select id from setting where id = ?', ['prepared-test']))
      .then((rows) => seen.push(`read ${rows.length}`));
    for (let turn = 0; turn < 5; turn += 1) await nextTurn(); // it would be done by then, if it did not wait
    asked.resolve();
    await Promise.all([transaction, read]);
    assert.deepEqual(seen, ['end', 'read 1']);
  });
});
