import assert from 'node:assert/strict';

import { plainSelect } from './plain-select.ts';

const table = {
  tableName: 'pet',
  properties: { id: { fieldNames: ['id'] }, bornAt: { fieldNames: ['born_at'] }, name: { fieldNames: ['name'] } },
};
const select = (where: unknown, options = {}) => plainSelect(table, where, options);

describe('a plain question', () => {
  it('has one text, whatever its values are', () => {
    assert.deepEqual(select({ id: 'a', bornAt: new Date(0) }), {
      sql: 'select * from "pet" where "id" = ? and "born_at" = ?',
      values: ['a', new Date(0)],
    });
    assert.equal(select({ id: `b' or 1=1`, bornAt: new Date(1) })?.sql, select({ id: 'a', bornAt: new Date(0) })?.sql);
  });

  it('may ask for one of several, for more or less, for something or nothing, for all', () => {
    assert.deepEqual(select({ name: { $in: ['a', 'b'] } }), {
      sql: 'select * from "pet" where "name" in (?, ?)',
      values: ['a', 'b'],
    });
    assert.equal(
      select({ name: null, bornAt: { $ne: null } })?.sql,
      'select * from "pet" where "name" is null and "born_at" is not null',
    );
    assert.deepEqual(select({ bornAt: { $lte: new Date(5) } }), {
      sql: 'select * from "pet" where "born_at" <= ?',
      values: [new Date(5)],
    });
    assert.deepEqual(select({}), { sql: 'select * from "pet"', values: [] });
  });

  it('may be narrowed to columns, ordered and cut', () => {
    const options = { fields: ['id', 'bornAt'], orderBy: [{ bornAt: 'desc' }, { id: 'asc' }], limit: 3, offset: 6 };
    assert.deepEqual(select({ name: 'a' }, options), {
      sql: 'select "id", "born_at" from "pet" where "name" = ? order by "born_at" desc, "id" asc limit ? offset ?',
      values: ['a', 3, 6],
    });
  });

  for (const where of [
    { $or: [{ id: 'a' }, { id: 'b' }] },
    { name: { $ilike: '%a%' } },
    { name: { $ne: 'a' } },
    { name: { $gt: null } },
    { name: { $in: [] } },
    { name: { $in: [['a']] } },
    { name: { $in: Array.from({ length: 21 }, () => 'a') } },
    { bornAt: { $gt: 1, $lt: 2 } },
    { name: ['a'] },
    { toString: 'a' },
    { unknown: 'a' },
    { name: undefined },
    'a',
  ]) {
    it(`is not ${JSON.stringify(where)}`, () => {
      assert.equal(select(where), undefined);
    });
  }

  it('is not one of an unknown column or direction', () => {
    assert.equal(select({ id: 'a' }, { fields: ['id; drop table pet'] }), undefined);
    assert.equal(select({ id: 'a' }, { orderBy: { nothing: 'asc' } }), undefined);
    assert.equal(select({ id: 'a' }, { orderBy: { id: 'asc nulls first' } }), undefined);
    assert.equal(select({ id: 'a' }, { orderBy: 'id' }), undefined);
  });
});
