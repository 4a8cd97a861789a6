import assert from 'node:assert/strict';

import fc from 'fast-check';

import { type SchemaBlock, unknown, type Value } from '../../providers/index.ts';
import { formatPath } from '../../shared/problems.ts';
import { aBlock, anAttribute, aNestedAttribute, aNestedBlock, aSet, aValue } from '../../testing/schemas.ts';
import { checkApplied } from './check-applied.ts';

const name = anAttribute('name', 'required');
const id = anAttribute('id', 'computed');
const secret = anAttribute('secret', 'optional', 'string', { writeOnly: true });
const flat = aBlock([name, id, secret]);
const planned = aValue({ name: 'a', id: unknown, secret: null });

function faults(schema: SchemaBlock, plan: Value, applied: Value): string[] {
  return checkApplied(schema, plan, applied, false).map(({ path }) => formatPath(path));
}

describe('an applied state', () => {
  it('settles what was unknown and keeps what was planned', () => {
    assert.deepEqual(faults(flat, planned, aValue({ name: 'a', id: '1', secret: null })), []);
    assert.deepEqual(faults(flat, planned, aValue({ name: 'a', id: null, secret: null })), []);
    assert.deepEqual(faults(flat, planned, aValue({ name: 'b', id: '1', secret: null })), ['name']);
  });

  it('leaves nothing unknown', () => {
    assert.deepEqual(faults(flat, planned, planned), ['id']);
    assert.deepEqual(faults(flat, planned, aValue({ name: unknown, id: '1', secret: null })), ['name']);
  });

  it('holds no write-only value', () => {
    assert.deepEqual(faults(flat, planned, aValue({ name: 'a', id: '1', secret: 'hush' })), ['secret']);
  });

  it('is there when planned, gone when not', () => {
    assert.deepEqual(faults(flat, planned, null), ['']);
    assert.deepEqual(faults(flat, null, null), []);
    assert.deepEqual(faults(flat, null, aValue({ name: 'a', id: '1', secret: null })), ['']);
  });

  it('of the old SDK is forgiven its differences but not its unknowns', () => {
    const applied = aValue({ name: 'b', id: unknown, secret: null });
    assert.deepEqual(
      checkApplied(flat, planned, applied, true).map(({ severity, path }) => [severity, formatPath(path)]),
      [['error', 'id'], ['warning', 'name']], // prettier-ignore
    );
  });

  it('of the old SDK is not forgiven a write-only value either', () => {
    const applied = aValue({ name: 'a', id: '1', secret: 'hush' });
    assert.deepEqual(
      checkApplied(flat, planned, applied, true).map(({ severity, path }) => [severity, formatPath(path)]),
      [['error', 'secret']],
    );
  });

  const rule = aBlock([name, id]);
  const a = { name: 'a', id: unknown };
  const b = { name: 'b', id: '2' };
  const check = (nesting: 'SINGLE' | 'LIST' | 'SET' | 'MAP' | 'GROUP', plan: Value, applied: Value) =>
    faults(aBlock([], [aNestedBlock('r', nesting, rule)]), new Map([['r', plan]]), new Map([['r', applied]]));
  const done = { name: 'a', id: '1' };

  it('has the planned blocks', () => {
    assert.deepEqual(check('LIST', aValue([a, b]), aValue([done, b])), []);
    assert.deepEqual(check('LIST', aValue([a, b]), aValue([b, done])), ['r[0].name', 'r[1].name', 'r[1].id']);
    assert.deepEqual(check('LIST', aValue([a, b]), aValue([done])), ['r']);
    assert.deepEqual(check('LIST', unknown, aValue([done])), []);
    assert.deepEqual(check('LIST', aValue([unknown, null]), aValue([done, null])), []);
    assert.deepEqual(check('LIST', aValue([a]), aValue([null])), ['r[0]']);
    assert.deepEqual(check('LIST', aValue([a]), unknown), ['r']);
    assert.deepEqual(check('MAP', aValue({ k: a }), aValue({ k: done })), []);
    assert.deepEqual(check('MAP', aValue({ k: a }), aValue({ l: done })), ['r']);
    assert.deepEqual(check('MAP', aValue({ k: a }), aValue({ k: done, l: done })), ['r']);
    assert.deepEqual(check('MAP', aValue({ k: b }), aValue({ k: done })), ['r.k.name', 'r.k.id']);
    assert.deepEqual(check('SINGLE', null, null), []);
    assert.deepEqual(check('SINGLE', null, aValue(done)), ['r']);
    assert.deepEqual(check('GROUP', aValue(b), aValue(done)), ['r.name', 'r.id']);
  });

  it('has the planned elements of a set, of which unknown ones may turn out equal', () => {
    assert.deepEqual(check('SET', aSet(a, b), aSet(done, b)), []);
    assert.deepEqual(check('SET', aSet(b), aSet(b, done)), ['r']);
    assert.deepEqual(check('SET', aSet(b), aSet(done)), ['r']);
    assert.deepEqual(check('SET', aSet(a, { name: unknown, id: unknown }), aSet(done)), []);
    assert.deepEqual(check('SET', aSet(a, b), aSet(done)), ['r']);
    assert.deepEqual(check('SET', aSet(a, b), aSet(done, { name: 'c', id: '3' })), ['r']);
  });

  it('is checked inside attributes that are objects', () => {
    const nested = aBlock([aNestedAttribute('r', 'optional', 'LIST', [name, id])]);
    assert.deepEqual(faults(nested, aValue({ r: [a] }), aValue({ r: [done] })), []);
    assert.deepEqual(faults(nested, aValue({ r: [b] }), aValue({ r: [done] })), ['r[0].name', 'r[0].id']);
  });

  it('that is the plan with every unknown settled is always accepted', () => {
    const schema = aBlock([name, id], [aNestedBlock('list', 'LIST', rule), aNestedBlock('set', 'SET', rule)]);
    const text = fc.constantFrom('a', 'b', 'c', 'd');
    const pair = fc.record({ name: text, id: text, open: fc.boolean() });
    const record = fc.record({
      top: pair,
      list: fc.array(pair, { maxLength: 3 }),
      set: fc.array(pair, { maxLength: 3 }),
    });
    type Pair = { name: string; id: string; open: boolean };
    const before = (p: Pair) => ({ name: p.name, id: p.open ? unknown : p.id });
    const after = (p: Pair) => ({ name: p.name, id: p.id });
    fc.assert(
      fc.property(record, ({ top, list, set }) => {
        const plan = aValue({ ...before(top), list: list.map(before), set: aSet(...set.map(before)) });
        const applied = aValue({ ...after(top), list: list.map(after), set: aSet(...set.map(after)) });
        assert.deepEqual(faults(schema, plan, applied), []);
      }),
    );
  });
});
