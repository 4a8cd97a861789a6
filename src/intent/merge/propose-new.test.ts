import assert from 'node:assert/strict';

import fc from 'fast-check';

import { Dynamic, equalValues, type SchemaBlock, unknown, type Value } from '../../providers/index.ts';
import { aBlock, anAttribute, aNestedAttribute, aNestedBlock, aSet, aValue } from '../../testing/schemas.ts';
import { proposeNew } from './propose-new.ts';

const name = anAttribute('name', 'required');
const tag = anAttribute('tag', 'optional');
const id = anAttribute('id', 'computed');
const size = anAttribute('size', 'optional-computed');
const secret = anAttribute('secret', 'optional', 'string', { writeOnly: true });
const plain = aBlock([name, tag, id, size, secret]);
const rule = aBlock([name, id, size]);

function proposes(schema: SchemaBlock, prior: Value, config: Value, wanted: Value): void {
  assert.deepEqual(proposeNew(schema, prior, config), wanted);
}

describe('the proposed new state', () => {
  it('of a create is the configuration, computed attributes being null', () => {
    const config = aValue({ name: 'a', tag: null, id: null, size: '1', secret: null });
    proposes(plain, null, config, config);
  });

  it('of a destroy is null', () => {
    proposes(plain, aValue({ name: 'a', tag: null, id: 'i', size: '1', secret: null }), null, null);
  });

  it('of a wholly unknown configuration is unknown', () => {
    proposes(plain, null, unknown, unknown);
  });

  it('keeps the prior value of computed attributes that are left out, and drops other ones', () => {
    proposes(
      plain,
      aValue({ name: 'a', tag: 't', id: 'i', size: '1', secret: null }),
      aValue({ name: 'b', tag: null, id: null, size: null, secret: null }),
      aValue({ name: 'b', tag: null, id: 'i', size: '1', secret: null }),
    );
  });

  it('takes a configured value of an optional computed attribute, unknown ones too', () => {
    const prior = aValue({ name: 'a', tag: null, id: 'i', size: '1', secret: null });
    proposes(
      plain,
      prior,
      aValue({ name: 'a', tag: unknown, id: null, size: '2', secret: null }),
      aValue({ name: 'a', tag: unknown, id: 'i', size: '2', secret: null }),
    );
  });

  it('never has a write-only value', () => {
    proposes(
      plain,
      null,
      aValue({ name: 'a', tag: null, id: null, size: null, secret: 'hush' }),
      aValue({ name: 'a', tag: null, id: null, size: null, secret: null }),
    );
  });

  describe('with blocks', () => {
    const list = aBlock([], [aNestedBlock('rule', 'LIST', rule)]);
    const set = aBlock([], [aNestedBlock('rule', 'SET', rule)]);
    const map = aBlock([], [aNestedBlock('rule', 'MAP', rule)]);
    const single = aBlock([], [aNestedBlock('rule', 'SINGLE', rule)]);
    const group = aBlock([], [aNestedBlock('rule', 'GROUP', rule)]);
    const a = { name: 'a', id: null, size: null };
    const b = { name: 'b', id: null, size: null };
    const priorA = { name: 'a', id: '1', size: 'small' };
    const priorB = { name: 'b', id: '2', size: 'big' };

    it('matches a list by index', () => {
      proposes(
        list,
        aValue({ rule: [priorA] }),
        aValue({ rule: [b, a] }),
        aValue({ rule: [{ ...priorA, name: 'b' }, a] }),
      );
      proposes(list, aValue({ rule: [priorA, priorB] }), aValue({ rule: [] }), aValue({ rule: [] }));
    });

    it('matches a set by what the user wrote, whatever the order', () => {
      const c = { name: 'c', id: null, size: null };
      proposes(
        set,
        aValue({ rule: aSet(priorA, priorB) }),
        aValue({ rule: aSet({ ...b, size: 'big' }, c, a) }),
        aValue({ rule: aSet(priorA, priorB, c) }),
      );
    });

    it('gives no prior element of a set away twice, equal ones first', () => {
      const small = { ...a, size: 'small' };
      const tall = { name: 'a', id: '9', size: 'tall' };
      proposes(
        set,
        aValue({ rule: aSet(priorA, tall) }),
        aValue({ rule: aSet(a, tall) }),
        aValue({ rule: aSet(priorA, tall) }),
      );
      proposes(
        set,
        aValue({ rule: aSet(priorA) }),
        aValue({ rule: aSet(small, a) }),
        aValue({ rule: aSet(priorA, small) }),
      );
    });

    it('matches a map by key', () => {
      proposes(
        map,
        aValue({ rule: { x: priorA, y: priorB } }),
        aValue({ rule: { x: b, z: a } }),
        aValue({ rule: { x: { ...priorA, name: 'b' }, z: a } }),
      );
    });

    it('merges a single block, and follows the user where it comes or goes', () => {
      proposes(single, aValue({ rule: priorA }), aValue({ rule: b }), aValue({ rule: { ...priorA, name: 'b' } }));
      proposes(single, aValue({ rule: null }), aValue({ rule: b }), aValue({ rule: b }));
      proposes(single, aValue({ rule: priorA }), aValue({ rule: null }), aValue({ rule: null }));
      proposes(group, aValue({ rule: priorA }), aValue({ rule: b }), aValue({ rule: { ...priorA, name: 'b' } }));
    });

    it('leaves unknown blocks and elements unknown', () => {
      proposes(list, aValue({ rule: [priorA] }), aValue({ rule: unknown }), aValue({ rule: unknown }));
      proposes(
        list,
        aValue({ rule: [priorA, priorB] }),
        aValue({ rule: [unknown, b] }),
        aValue({ rule: [unknown, priorB] }),
      );
      proposes(set, aValue({ rule: [priorA] }), aValue({ rule: [unknown] }), aValue({ rule: [unknown] }));
    });

    it('matches sets within sets', () => {
      const inner = aNestedBlock('inner', 'SET', rule);
      const nested = aBlock([], [aNestedBlock('outer', 'SET', aBlock([name, id], [inner]))]);
      const before = { name: 'o', id: '7', inner: [priorA, priorB] };
      const wanted = { name: 'o', id: null, inner: [a, b] };
      proposes(nested, aValue({ outer: [before] }), aValue({ outer: [wanted] }), aValue({ outer: [before] }));
      const other = { name: 'o', id: null, inner: [a] };
      proposes(nested, aValue({ outer: [before] }), aValue({ outer: [other] }), aValue({ outer: [other] }));
    });

    it('matches elements of a set by the lists, maps and single objects in them', () => {
      for (const [nesting, before, same, other] of [
        ['LIST', [priorA], [a], [b]],
        ['MAP', { k: priorA }, { k: a }, { l: a }],
        ['SINGLE', priorA, a, b],
        ['SINGLE', null, null, a],
      ] as const) {
        const schema = aBlock([], [aNestedBlock('outer', 'SET', aBlock([id], [aNestedBlock('in', nesting, rule)]))]);
        const prior = aValue({ outer: [{ id: '7', in: before }] });
        proposes(schema, prior, aValue({ outer: [{ id: null, in: same }] }), prior);
        const changed = aValue({ outer: [{ id: null, in: other }] });
        proposes(schema, prior, changed, changed);
      }
    });

    it('takes an element for new when its objects came, went or became more', () => {
      const outer = (nesting: 'LIST' | 'MAP') =>
        aBlock([], [aNestedBlock('outer', 'SET', aBlock([id, secret], [aNestedBlock('in', nesting, rule)]))]);
      for (const [nesting, before, after] of [
        ['LIST', [priorA], [a, b]],
        ['MAP', { k: priorA }, { k: a, l: b }],
        ['MAP', { k: priorA, l: priorB }, { k: a, m: b }],
      ] as const) {
        const changed = aValue({ outer: [{ id: null, secret: null, in: after }] });
        proposes(outer(nesting), aValue({ outer: [{ id: '7', secret: null, in: before }] }), changed, changed);
      }
      const secretly = aValue({ outer: [{ id: null, secret: 'hush', in: [a] }] });
      const prior = aValue({ outer: [{ id: '7', secret: null, in: [priorA] }] });
      proposes(outer('LIST'), prior, secretly, prior);
    });

    it('takes an unknown inside an element for whatever was there', () => {
      proposes(
        set,
        aValue({ rule: [priorA] }),
        aValue({ rule: [{ name: unknown, id: null, size: null }] }),
        aValue({ rule: [{ ...priorA, name: unknown }] }),
      );
    });

    it('says the types of elements that have attributes of any type', () => {
      const any = aBlock([], [aNestedBlock('rule', 'LIST', aBlock([anAttribute('v', 'required', 'dynamic'), id]))]);
      const typed = (v: Value, i: Value) => new Map([['v', v], ['id', i]]); // prettier-ignore
      const element = { object: { v: 'string', id: 'string' } } as const;
      const config = new Map([['rule', new Dynamic({ tuple: [element] }, [typed('x', null)])]]);
      const prior = new Map([['rule', new Dynamic({ tuple: [element] }, [typed('w', 'i')])]]);
      const wanted = new Map([['rule', new Dynamic({ tuple: [element] }, [typed('x', 'i')])]]);
      proposes(any, prior, config, wanted);
      const keyed = aBlock([], [aNestedBlock('rule', 'MAP', aBlock([anAttribute('v', 'required', 'dynamic'), id]))]);
      const asMap = new Map([['rule', new Dynamic({ object: { k: element } }, new Map([['k', typed('x', null)]]))]]);
      proposes(keyed, null, asMap, asMap);
      const open = new Map([['rule', new Dynamic('dynamic', unknown)]]);
      assert.ok(equalValues(proposeNew(any, null, open), new Map([['rule', unknown]])));
    });
  });

  describe('with attributes that are objects', () => {
    const inner = [name, id, tag];
    const single = aBlock([aNestedAttribute('box', 'optional-computed', 'SINGLE', inner)]);
    const computedOnly = aBlock([aNestedAttribute('box', 'optional-computed', 'SINGLE', [id, size])]);
    const list = aBlock([aNestedAttribute('box', 'optional', 'LIST', inner)]);

    it('merges what is inside', () => {
      proposes(
        list,
        aValue({ box: [{ name: 'a', id: '1', tag: 't' }] }),
        aValue({ box: [{ name: 'a', id: null, tag: null }] }),
        aValue({ box: [{ name: 'a', id: '1', tag: null }] }),
      );
    });

    it('keeps a computed object that is left out', () => {
      const prior = aValue({ box: { id: '1', size: 's' } });
      proposes(computedOnly, prior, aValue({ box: null }), prior);
    });

    it('drops a computed object that is left out when it holds what only the user can have written', () => {
      proposes(
        single,
        aValue({ box: { name: 'a', id: '1', tag: null } }),
        aValue({ box: null }),
        aValue({ box: null }),
      );
      const deep = (nesting: 'LIST' | 'SET' | 'MAP') =>
        aBlock([aNestedAttribute('box', 'optional-computed', nesting, [
          id,
          aNestedAttribute('in', 'optional-computed', 'SINGLE', [tag]),
        ])]); // prettier-ignore
      const holding = { id: '1', in: { tag: 't' } };
      proposes(deep('LIST'), aValue({ box: [holding] }), aValue({ box: null }), aValue({ box: null }));
      proposes(deep('MAP'), aValue({ box: { k: holding } }), aValue({ box: null }), aValue({ box: null }));
      const free = aValue({ box: [{ id: '1', in: null }] });
      proposes(deep('SET'), free, aValue({ box: null }), free);
    });

    it('keeps nothing of an object that never was', () => {
      proposes(single, aValue({ box: null }), aValue({ box: null }), aValue({ box: null }));
    });
  });

  it('of an unchanged configuration is the prior state', () => {
    const schema = aBlock(
      [name, tag, id, size],
      [aNestedBlock('rule', 'LIST', rule), aNestedBlock('set', 'SET', rule)],
    );
    const text = fc.string({ minLength: 1, maxLength: 3 });
    const ruleValue = fc.record({ name: text, id: text, size: text });
    const state = fc.record({
      name: text,
      tag: fc.option(text),
      id: text,
      size: text,
      rule: fc.array(ruleValue, { maxLength: 3 }),
      set: fc.uniqueArray(ruleValue, { selector: (element) => element.name, maxLength: 3 }),
    });
    fc.assert(
      fc.property(state, (plainState) => {
        const blank = (element: { name: string }) => ({ name: element.name, id: null, size: null });
        const { tag: label, rule: rules, set: members } = plainState;
        const prior = aValue({ ...plainState, set: aSet(...members) });
        const config = { ...blank(plainState), tag: label, rule: rules.map(blank), set: aSet(...members.map(blank)) };
        assert.deepEqual(proposeNew(schema, prior, aValue(config)), prior);
      }),
    );
  });
});
