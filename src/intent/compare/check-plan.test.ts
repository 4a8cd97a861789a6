import assert from 'node:assert/strict';

import fc from 'fast-check';

import { Dynamic, type SchemaBlock, unknown, type Value } from '../../providers/index.ts';
import { formatPath } from '../../shared/problems.ts';
import { aBlock, anAttribute, aNestedAttribute, aNestedBlock, aSet, aValue } from '../../testing/schemas.ts';
import { proposeNew } from '../merge/propose-new.ts';
import { checkPlan } from './check-plan.ts';

const name = anAttribute('name', 'required');
const tag = anAttribute('tag', 'optional');
const id = anAttribute('id', 'computed');
const size = anAttribute('size', 'optional-computed');
const secret = anAttribute('secret', 'optional', 'string', { writeOnly: true });
const flat = aBlock([name, tag, id, size, secret]);
const blank = { name: 'a', tag: null, id: null, size: null, secret: null };

/** Paths at which the plan is faulted. */
function faults(schema: SchemaBlock, prior: Value, config: Value, planned: Value): string[] {
  return checkPlan(schema, prior, config, planned).map(({ path }) => formatPath(path));
}

describe('a provider plan', () => {
  it('may fill in computed attributes, known or unknown, and must keep the rest', () => {
    assert.deepEqual(faults(flat, null, aValue(blank), aValue({ ...blank, id: unknown, size: '9' })), []);
    assert.deepEqual(faults(flat, null, aValue(blank), aValue({ ...blank, name: 'b' })), ['name']);
    assert.deepEqual(faults(flat, null, aValue(blank), aValue({ ...blank, name: unknown })), ['name']);
    assert.deepEqual(faults(flat, null, aValue(blank), aValue({ ...blank, tag: 't' })), ['tag']);
    const sized = { ...blank, size: '1' };
    assert.deepEqual(faults(flat, null, aValue(sized), aValue({ ...sized, size: '2' })), ['size']);
    assert.deepEqual(faults(flat, null, aValue(sized), aValue({ ...sized, size: null })), ['size']);
  });

  it('may keep the prior spelling of a value', () => {
    const prior = aValue({ ...blank, name: 'A' });
    assert.deepEqual(faults(flat, prior, aValue(blank), prior), []);
    assert.deepEqual(faults(flat, prior, aValue({ ...blank, tag: 't' }), prior), ['tag']);
  });

  it('must not keep a write-only value', () => {
    const config = aValue({ ...blank, secret: 'hush' });
    assert.deepEqual(faults(flat, null, config, aValue(blank)), []);
    assert.deepEqual(faults(flat, null, config, config), ['secret']);
  });

  it('never quotes a value', () => {
    const [problem] = checkPlan(
      flat,
      null,
      aValue({ ...blank, name: 'visible-1' }),
      aValue({ ...blank, name: 'visible-2' }),
    );
    assert.doesNotMatch(JSON.stringify(problem), /visible/);
  });

  it('is an object unless the resource is to go', () => {
    assert.deepEqual(faults(flat, aValue(blank), null, null), []);
    assert.deepEqual(faults(flat, aValue(blank), null, aValue(blank)), ['']);
    assert.deepEqual(faults(flat, null, aValue(blank), null), ['']);
  });

  it('may say anything about what was unknown', () => {
    const config = aValue({ ...blank, name: unknown });
    assert.deepEqual(faults(flat, null, config, aValue({ ...blank, name: unknown })), []);
    assert.deepEqual(faults(flat, null, config, aValue({ ...blank, name: 'x' })), []);
  });

  const rule = aBlock([name, id]);
  const a = { name: 'a', id: null };
  const b = { name: 'b', id: null };
  const blocks = (nesting: 'SINGLE' | 'LIST' | 'SET' | 'MAP' | 'GROUP') =>
    aBlock([], [aNestedBlock('r', nesting, rule)]);
  const check = (schema: SchemaBlock, config: Value, planned: Value, prior: Value = null) =>
    faults(
      schema,
      prior === null ? null : new Map([['r', prior]]),
      new Map([['r', config]]),
      new Map([['r', planned]]),
    );

  it('must have the configured blocks', () => {
    const list = blocks('LIST');
    assert.deepEqual(check(list, aValue([a, b]), aValue([{ ...a, id: unknown }, b])), []);
    assert.deepEqual(check(list, aValue([a, b]), aValue([a])), ['r']);
    assert.deepEqual(check(list, aValue([a, b]), aValue([b, a])), ['r[0].name', 'r[1].name']);
    assert.deepEqual(check(list, aValue([a]), unknown), ['r']);
    assert.deepEqual(check(list, unknown, aValue([a])), []);
    assert.deepEqual(check(list, aValue([unknown]), aValue([a])), []);
    assert.deepEqual(check(list, aValue([a]), aValue([null])), ['r[0]']);
    assert.deepEqual(check(list, aValue([a]), aValue([{ ...a, name: 'A' }]), aValue([{ ...a, name: 'A' }])), []);
  });

  it('must have the configured elements of a set, in any order', () => {
    const set = blocks('SET');
    assert.deepEqual(check(set, aSet(a, b), aSet({ ...b, id: '1' }, { ...a, id: '2' })), []);
    assert.deepEqual(check(set, aSet(a), aSet(a, b)), ['r']);
    assert.deepEqual(check(set, aSet(a, b), aSet(a, { name: 'c', id: null })), ['r']);
    assert.deepEqual(check(set, aSet(a, b), aSet({ ...a, id: '1' }, { ...a, id: '2' })), ['r']);
    assert.deepEqual(check(set, aSet({ ...a, name: unknown }, b), aSet(b)), []);
  });

  it('must have the configured keys of a map', () => {
    const map = blocks('MAP');
    assert.deepEqual(check(map, aValue({ k: a }), aValue({ k: { ...a, id: unknown } })), []);
    assert.deepEqual(check(map, aValue({ k: a }), aValue({ l: a })), ['r']);
    assert.deepEqual(check(map, aValue({ k: a }), aValue({ k: b })), ['r.k.name']);
    assert.deepEqual(check(map, aValue({ k: a }), aValue({ k: a, l: a })), ['r']);
  });

  it('must have a single block where there is one', () => {
    for (const nesting of ['SINGLE', 'GROUP'] as const) {
      assert.deepEqual(check(blocks(nesting), aValue(a), aValue({ ...a, id: '1' })), []);
      assert.deepEqual(check(blocks(nesting), aValue(a), aValue(b)), ['r.name']);
    }
    assert.deepEqual(check(blocks('SINGLE'), null, null), []);
    assert.deepEqual(check(blocks('SINGLE'), null, aValue(a)), ['r']);
    assert.deepEqual(check(blocks('SINGLE'), aValue(a), null), ['r']);
  });

  it('is checked inside attributes that are objects', () => {
    const nested = aBlock([aNestedAttribute('r', 'optional-computed', 'LIST', [name, id])]);
    assert.deepEqual(check(nested, aValue([a]), aValue([{ ...a, id: unknown }])), []);
    assert.deepEqual(check(nested, aValue([a]), aValue([b])), ['r[0].name']);
    assert.deepEqual(check(nested, null, aValue([b])), []);
    assert.deepEqual(check(nested, aValue([a]), unknown), ['r']);
    const strict = aBlock([aNestedAttribute('r', 'optional', 'SINGLE', [name, id])]);
    assert.deepEqual(check(strict, null, aValue(a)), ['r']);
  });

  it('may settle part of a value that is partly unknown', () => {
    const typed = (type: Parameters<typeof anAttribute>[2]) => aBlock([anAttribute('r', 'required', type)]);
    assert.deepEqual(check(typed({ list: 'string' }), aValue(['x', unknown]), aValue(['x', 'y'])), []);
    assert.deepEqual(check(typed({ list: 'string' }), aValue(['x', unknown]), aValue(['z', 'y'])), ['r']);
    assert.deepEqual(check(typed({ list: 'string' }), aValue(['x', unknown]), aValue(['x'])), ['r']);
    assert.deepEqual(check(typed({ set: 'string' }), aValue(['x', unknown]), aValue(['x'])), []);
    assert.deepEqual(check(typed({ set: 'string' }), aValue(['x', unknown]), aValue(['y'])), ['r']);
    assert.deepEqual(check(typed({ set: 'string' }), aValue(['x', unknown]), aValue(['x', 'y', 'z'])), ['r']);
    assert.deepEqual(check(typed({ map: 'string' }), aValue({ k: 'x', l: unknown }), aValue({ k: 'x', l: 'y' })), []);
    assert.deepEqual(check(typed({ map: 'string' }), aValue({ k: 'x', l: unknown }), aValue({ k: 'x', m: 'y' })), [
      'r',
    ]);
    assert.deepEqual(check(typed({ map: 'string' }), aValue({ l: unknown }), null), ['r']);
    assert.deepEqual(check(typed({ tuple: ['string', 'bool'] }), aValue([unknown, true]), aValue(['x', true])), []);
    assert.deepEqual(check(typed({ tuple: [] }), aValue([unknown, true]), aValue(['x', true])), []);
    const object = typed({ object: { k: 'string', l: 'string' } });
    assert.deepEqual(check(object, aValue({ k: unknown, l: 'y' }), aValue({ k: 'x', l: 'y' })), []);
    assert.deepEqual(check(typed({ object: {} }), aValue({ k: unknown, l: 'y' }), aValue({ k: 'x', l: 'z' })), ['r']);
  });

  it('compares values of any type by what they are', () => {
    const any = aBlock([anAttribute('r', 'required', 'dynamic')]);
    const list = new Dynamic({ list: 'string' }, ['x']);
    assert.deepEqual(check(any, list, new Dynamic({ tuple: ['string'] }, ['x'])), []);
    assert.deepEqual(check(any, list, new Dynamic({ list: 'string' }, ['y'])), ['r']);
    const map = new Dynamic({ map: 'string' }, aValue({ k: 'x' }));
    assert.deepEqual(check(any, map, new Dynamic({ object: { k: 'string' } }, aValue({ k: 'x' }))), []);
    const open = new Dynamic({ tuple: ['string', 'string'] }, aValue(['x', unknown]));
    assert.deepEqual(check(any, open, new Dynamic({ tuple: ['string', 'string'] }, aValue(['x', 'y']))), []);
  });

  it('that is the proposal itself is always accepted', () => {
    const schema = aBlock([name, tag, id, size, secret], [
      aNestedBlock('list', 'LIST', rule), aNestedBlock('set', 'SET', rule), aNestedBlock('map', 'MAP', rule),
    ]); // prettier-ignore
    const text = fc.constantFrom('a', 'b', 'c', 'd');
    const maybe = fc.option(text);
    const anyRule = fc.record({ name: text, id: fc.constant(null) });
    const anyConfig = fc
      .record({
        flat: fc.record({ name: text, tag: maybe, id: fc.constant(null), size: maybe, secret: maybe }),
        list: fc.array(anyRule, { maxLength: 3 }),
        set: fc.array(anyRule, { maxLength: 3 }),
        map: fc.dictionary(text, anyRule, { maxKeys: 3 }),
      })
      .map((c) => aValue({ ...c.flat, list: c.list, set: aSet(...c.set), map: c.map }));
    fc.assert(
      fc.property(fc.option(anyConfig), anyConfig, (prior, config) => {
        assert.deepEqual(faults(schema, prior, config, proposeNew(schema, prior, config)), []);
      }),
    );
  });
});
