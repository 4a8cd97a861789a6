import assert from 'node:assert/strict';

import { aBlock, anAttribute, aNestedAttribute, aNestedBlock } from '../../testing/schemas.ts';
import { jsonAt } from '../../testing/terraform-plans.ts';
import { type BlockFilter, describeBlock, insideOf, nestedNames } from './describe-block.ts';

const port = { ...anAttribute('port', 'required', 'number'), description: 'Where it listens.' };
const tls = aNestedBlock('tls', 'LIST', aBlock([anAttribute('key', 'required', 'string', { sensitive: true })]));
const rule = aNestedBlock('rule', 'SET', aBlock([port, anAttribute('note', 'optional')], [tls]));
const schema = aBlock(
  [
    anAttribute('name', 'required'),
    anAttribute('id', 'computed'),
    aNestedAttribute('place', 'optional', 'SINGLE', [anAttribute('city', 'optional')]),
  ],
  [rule],
);
const described = (filter: Partial<BlockFilter>) => {
  const { properties, leftOut } = describeBlock(schema, filter);
  return { names: Object.keys(properties), leftOut, at: (...path: string[]) => jsonAt(properties, ...path) };
};

describe('a type as an assistant reads it', () => {
  it('is whole unless less is asked for', () => {
    const { names, at, leftOut } = described({});
    assert.deepEqual(names, ['name', 'id', 'place', 'rule']);
    assert.deepEqual(leftOut, []);
    assert.deepEqual(at('rule', 'properties', 'tls', 'properties', 'key'), {
      type: 'string',
      required: true,
      usage: 'required',
      sensitive: true,
    });
  });

  it('ends at a depth, and says how much is left out and where', () => {
    const { at, leftOut } = described({ depth: 1 });
    assert.deepEqual(leftOut, ['rule.tls']);
    assert.deepEqual(at('rule', 'properties', 'tls'), {
      is_block: true,
      nesting: 'list',
      required: false,
      left_out: 1,
      required_properties: ['key'],
    });
    assert.deepEqual(described({ depth: 0 }).leftOut, ['place', 'rule']);
  });

  it('fits a line an attribute', () => {
    const { at } = described({ compact: true });
    assert.equal(at('name'), 'string required');
    assert.equal(at('rule', 'properties', 'tls', 'properties', 'key'), 'string required sensitive');
    assert.deepEqual(at('place'), {
      required: false,
      usage: 'optional',
      nesting: 'single',
      properties: { city: 'string optional' },
    });
  });

  it('holds what the words mean, however deep, and the way to it', () => {
    const { names, at } = described({ words: ['listens'] });
    assert.deepEqual(names, ['rule']);
    assert.deepEqual(Object.keys(at('rule', 'properties') ?? {}), ['port']);
    assert.deepEqual(Object.keys(described({ words: ['rule'] }).at('rule', 'properties') ?? {}), [
      'port',
      'note',
      'tls',
    ]);
    assert.deepEqual(described({ words: ['nowhere'] }).names, []);
    assert.deepEqual(described({ words: ['key'], depth: 0 }).leftOut, ['rule']);
  });

  it('can be what must be given alone', () => {
    assert.deepEqual(described({ requiredOnly: true }).names, ['name']);
  });

  it('can be what is inside one block alone', () => {
    const inside = insideOf(schema, ['rule', 'tls']);
    assert.ok(inside !== undefined);
    assert.deepEqual(Object.keys(describeBlock(inside).properties), ['key']);
    assert.deepEqual(
      insideOf(schema, ['place'])?.attributes.map(({ name }) => name),
      ['city'],
    );
    assert.equal(insideOf(schema, ['name']), undefined);
    assert.deepEqual(nestedNames(schema), ['place', 'rule']);
    assert.deepEqual(describeBlock(rule.block, { depth: 0 }, 'rule').leftOut, ['rule.tls']);
  });
});
