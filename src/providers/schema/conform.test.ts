import assert from 'node:assert/strict';

import type { Json } from '../../shared/json.ts';
import { formatProblem } from '../../shared/problems.ts';
import {
  type CtyType,
  decodeValue,
  Dynamic,
  encodeValue,
  equalValues,
  isValueMap,
  valueToPlain,
} from '../values/index.ts';
import {
  conform,
  impliedType,
  type NestedBlock,
  nestedAttributeType,
  type SchemaAttribute,
  type SchemaBlock,
} from './index.ts';

const attribute = (name: string, type: CtyType, more: Partial<SchemaAttribute> = {}): SchemaAttribute => ({
  name,
  type,
  required: false,
  optional: true,
  computed: false,
  sensitive: false,
  writeOnly: false,
  deprecated: false,
  description: '',
  ...more,
});
const block = (attributes: SchemaAttribute[], blocks: NestedBlock[] = []): SchemaBlock => ({
  attributes,
  blocks,
  description: '',
  deprecated: false,
});
const nested = (
  name: string,
  nesting: NestedBlock['nesting'],
  inner: SchemaBlock,
  minItems = 0,
  maxItems = 0,
): NestedBlock => ({
  name,
  nesting,
  minItems,
  maxItems,
  block: inner,
});
const computed = { optional: false, computed: true };

/** The problems of a config, one line each. */
const problemsOf = (json: Json, schema: SchemaBlock) => conform(json, schema).problems.map(formatProblem);

/** The config as the provider would read it, after a trip over the wire. */
function arrives(json: Json, schema: SchemaBlock): Json {
  const { value, problems } = conform(json, schema);
  assert.deepEqual(problems, []);
  const type = impliedType(schema);
  const back = decodeValue(encodeValue(value, type), type);
  assert.ok(equalValues(back, value));
  return valueToPlain(back);
}

describe('a configuration that fits', () => {
  it('has every attribute, null where nothing was given', () => {
    assert.deepEqual(
      arrives({ length: 3 }, block([attribute('length', 'number'), attribute('id', 'string', computed)])),
      {
        length: 3,
        id: null,
      },
    );
  });

  it('is converted between text, numbers and booleans as Terraform does', () => {
    const schema = block([
      attribute('n', 'number'),
      attribute('s', 'string'),
      attribute('b', 'bool'),
      attribute('t', 'string'),
    ]);
    assert.deepEqual(arrives({ n: '9007199254740993', s: 1.5, b: 'true', t: false }, schema), {
      n: '9007199254740993',
      s: '1.5',
      b: true,
      t: 'false',
    });
  });

  it('holds absent blocks the way the protocol wants them', () => {
    const inner = block([attribute('x', 'string')]);
    const schema = block(
      [],
      [
        nested('list', 'LIST', inner),
        nested('set', 'SET', inner),
        nested('map', 'MAP', inner),
        nested('single', 'SINGLE', inner),
        nested('group', 'GROUP', inner),
      ],
    );
    assert.deepEqual(arrives({}, schema), { list: [], set: [], map: {}, single: null, group: { x: null } });
  });

  it('sorts sets and composes characters', () => {
    const schema = block([attribute('tags', { set: 'string' }), attribute('labels', { map: 'string' })]);
    assert.deepEqual(arrives({ tags: ['b', 'a', 'b'], labels: { 'e\u0301': 'e\u0301' } }, schema), {
      tags: ['a', 'b'],
      labels: { é: 'é' },
    });
  });

  it('takes attributes inside attributes, and null for any of them', () => {
    const attributes = [attribute('cidr', 'string', { required: true, optional: false }), attribute('port', 'number')];
    const modes = (['SINGLE', 'LIST', 'SET', 'MAP'] as const).map((nesting) => {
      const inner = { nesting, attributes };
      return attribute(nesting.toLowerCase(), nestedAttributeType(inner), { nested: inner });
    });
    assert.deepEqual(
      arrives({ single: { cidr: 'a' }, list: [{ cidr: 'b', port: 1 }], map: { k: { cidr: 'c' } } }, block(modes)),
      {
        single: { cidr: 'a', port: null },
        list: [{ cidr: 'b', port: 1 }],
        set: null,
        map: { k: { cidr: 'c', port: null } },
      },
    );
  });

  it('keeps a hostile key an ordinary key', () => {
    const schema = block([attribute('labels', { map: 'string' })]);
    const labels = Object.fromEntries([['__proto__', 'x']]);
    const { value } = conform({ labels }, schema);
    assert.ok(isValueMap(value));
    assert.deepEqual(value.get('labels'), new Map([['__proto__', 'x']]));
  });

  it('gives a place of dynamic type the type of what was written there', () => {
    const { value } = conform({ any: ['a', 1] }, block([attribute('any', 'dynamic')]));
    assert.ok(isValueMap(value));
    const any = value.get('any');
    assert.ok(any instanceof Dynamic);
    assert.deepEqual(any.type, { tuple: ['string', 'number'] });
  });

  it('sends a list of blocks with a dynamic attribute as a tuple of what they are', () => {
    const schema = block(
      [],
      [nested('rule', 'LIST', block([attribute('value', 'dynamic'), attribute('tags', { list: 'string' })]))],
    );
    const { value } = conform({ rule: [{ value: 1, tags: ['a'] }, { value: 'x' }] }, schema);
    assert.ok(isValueMap(value));
    const rule = value.get('rule');
    assert.ok(rule instanceof Dynamic);
    const element = (inner: CtyType): CtyType => ({ object: { value: inner, tags: { list: 'string' } } });
    assert.deepEqual(rule.type, { tuple: [element('number'), element('string')] });
    assert.deepEqual(arrives({}, schema), { rule: [] });
  });
});

describe('a configuration that does not fit', () => {
  const inner = block([attribute('port', 'number', { required: true, optional: false })]);
  const schema = block(
    [
      attribute('length', 'number'),
      attribute('prefix', 'string'),
      attribute('id', 'string', computed),
      attribute('name', 'string', { required: true, optional: false, description: 'Name of the thing.' }),
      attribute('names', { list: 'string' }),
      attribute('shape', { object: { a: 'string', b: 'string' }, optional: ['b'] }),
    ],
    [nested('rule', 'LIST', inner, 1, 2), nested('only', 'SINGLE', inner)],
  );
  const good = { name: 'n', rule: [{ port: 1 }] };

  const cases: readonly (readonly [string, Json, readonly string[]])[] = [
    ['is no object', [], ['must be an object: got a list']],
    ['misspells a name', { ...good, lenght: 1 }, ['lenght: no such attribute: did you mean "length"?']],
    [
      'has a strange name',
      { ...good, zzzzzzz: 1 },
      ['zzzzzzz: no such attribute: known are id, length, name, names, only, prefix, rule, shape'],
    ],
    ['has the wrong type', { ...good, length: 'many' }, ['length: must be a number: got text']],
    [
      'has a number that JSON has rounded',
      { ...good, length: 2 ** 53 },
      ['length: is too large for a JSON number: give it as text, with all its digits'],
    ],
    ['has the wrong type deep inside', { ...good, names: ['a', {}] }, ['names[1]: must be a string: got an object']],
    ['has a scalar for a list', { ...good, names: 'a' }, ['names: must be a list of string: got text']],
    ['lacks what is required', { rule: [{ port: 1 }] }, ['name: is required: Name of the thing.']],
    ['has null for what is required', { ...good, name: null }, ['name: is required: Name of the thing.']],
    ['sets what the provider decides', { ...good, id: 'x' }, ['id: is decided by the provider: leave it out']],
    ['has too few blocks', { name: 'n' }, ['rule: must have at least 1: got 0']],
    [
      'has too many blocks',
      { ...good, rule: [{ port: 1 }, { port: 2 }, { port: 3 }] },
      ['rule: must have at most 2: got 3'],
    ],
    [
      'has one object for a list of blocks',
      { ...good, rule: { port: 1 } },
      ['rule: must be a list of objects: got an object'],
    ],
    ['has null in a list of blocks', { ...good, rule: [null] }, ['rule[0]: must be an object: got null']],
    ['lacks something inside a block', { ...good, only: {} }, ['only.port: is required']],
    [
      'misspells inside a block',
      { ...good, only: { prt: 1, port: 1 } },
      ['only.prt: no such attribute: did you mean "port"?'],
    ],
    [
      'leaves out part of an object',
      { ...good, shape: { b: 'x' } },
      ['shape.a: is missing: every attribute of this object must be given; null stands for none'],
    ],
  ];
  for (const [what, json, expected] of cases) {
    it(`${what}: says so with the path`, () => assert.deepEqual(problemsOf(json, schema), expected));
  }

  it('says what is wrong in tuples, maps of objects and places of dynamic type', () => {
    const inside = { nesting: 'MAP' as const, attributes: [attribute('a', 'string')] };
    const many = block([
      attribute('pair', { tuple: ['string', 'number'] }),
      attribute('parts', nestedAttributeType(inside), { nested: inside }),
      attribute('any', 'dynamic'),
      attribute('old', 'string', { deprecated: true, description: 'Use new.' }),
    ]);
    const json = { pair: ['x'], parts: ['x'], any: [2 ** 60], old: 'x' };
    assert.deepEqual(problemsOf(json, many), [
      'pair: must have 2 elements: got 1',
      'parts: must be an object of objects: got a list',
      'any[0]: is too large for a JSON number: write a smaller one',
      'old: is deprecated: Use new.',
    ]);
    assert.deepEqual(problemsOf({ pair: ['x', 2], any: { a: [null, true] } }, many), []);
  });

  it('cannot give one key twice in two spellings', () => {
    const labels = block([attribute('labels', { map: 'string' })]);
    assert.deepEqual(problemsOf({ labels: { é: '1', 'e\u0301': '2' } }, labels), ['labels.é: is given twice']);
  });

  it('never shows the value', () => {
    const wrong = { ...good, length: 'hunter2', names: { hunter2: 'hunter2' }, shape: 'hunter2' };
    assert.ok(!JSON.stringify(conform(wrong, schema).problems).includes('hunter2'));
  });

  it('is not mirrored endlessly', () => {
    const flood = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`strange${at}`, 1]));
    assert.equal(conform({ ...good, ...flood }, schema).problems.length, 100);
  });

  it('is refused when a place of dynamic type is nested without end', () => {
    let deep: Json = 1;
    for (let at = 0; at < 5_000; at += 1) deep = [deep];
    assert.match(problemsOf({ any: deep }, block([attribute('any', 'dynamic')]))[0] ?? '', /nested too deeply/);
  });
});
