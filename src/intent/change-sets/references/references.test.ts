import assert from 'node:assert/strict';

import fc from 'fast-check';

import { knownLater, unknown, type Value } from '../../../providers/index.ts';
import { isJsonObject, type Json } from '../../../shared/json.ts';
import { aBlock, anAttribute } from '../../../testing/schemas.ts';
import { fillIn } from './fill-in.ts';
import { parseExpression } from './parse-expression.ts';
import { parseTemplates } from './parse-templates.ts';

const block = aBlock([
  anAttribute('text', 'optional'),
  anAttribute('free', 'optional', 'dynamic'),
  anAttribute('secret', 'optional', { map: 'string' }, { sensitive: true }),
]);

const source = {
  value: new Map<string, Value>([
    ['id', unknown],
    ['name', 'n'],
    [
      'tags',
      new Map<string, Value>([
        ['a.b', 'dotted'],
        ['5', 'five'],
      ]),
    ],
    ['list', [true, unknown]],
    ['secret', 'hush'],
    ['none', null],
  ]),
  valueType: {
    object: {
      id: 'string',
      name: 'string',
      tags: { map: 'string' },
      list: { list: 'bool' },
      secret: 'string',
      none: 'string',
    },
  },
  block: aBlock([anAttribute('name', 'optional'), anAttribute('secret', 'optional', 'string', { sensitive: true })]),
} as const;

function fill(config: Json) {
  const templates = parseTemplates(config, 'config');
  const expressions = templates.flatMap(({ parts }) =>
    parts.flatMap((part) => ('expression' in part ? [part.expression] : [])),
  );
  const references = expressions.map((expression) => {
    const target = parseExpression(expression, (id) => id === 'r' || id === 'r.x');
    if (typeof target === 'string') throw new Error(target);
    return { expression, ...target };
  });
  return fillIn(config, templates, block, {
    where: 'config',
    references: new Map(references.map((reference) => [reference.expression, reference])),
    source: () => source,
  });
}

// JSON has one zero.
const asJson = (json: unknown): Json => JSON.parse(JSON.stringify(json)) as Json;

describe('references in configurations', () => {
  it('leave every configuration without them as it is', () => {
    const plain = fc
      .jsonValue()
      .map(asJson)
      .filter((json) => !JSON.stringify(json).includes('${'));
    fc.assert(fc.property(plain, (json) => assert.deepEqual(fill(json).marked, json)));
  });

  it('give back any text that is escaped', () => {
    const pieces = fc.array(fc.constantFrom('${', '$', '{', '}', 'a.b', '"'), { maxLength: 8 });
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('');
        assert.deepEqual(fill({ text: text.replaceAll('${', () => '$${') }).plain, { text });
      }),
    );
  });

  for (const [template, expected] of [
    ['${r.name}', 'n'],
    ['${ r.name }', 'n'],
    ['a ${r.name} b ${r.list[0]}', 'a n b true'],
    ['${r.list[0]}', true],
    ['${r.list.0}', true],
    ['${r.tags["a.b"]}', 'dotted'],
    ['${r.tags["5"]}', 'five'],
    ['${r.tags}', { 'a.b': 'dotted', 5: 'five' }],
    ['${r.none}', null],
  ] as const) {
    it(`${template} becomes ${JSON.stringify(expected)}`, () => {
      const filled = fill({ free: template });
      assert.deepEqual(filled, { marked: { free: expected }, plain: { free: expected }, isWhole: true });
    });
  }

  it('to what is not known yet are marked, and shown as null', () => {
    const { marked, plain, isWhole } = fill({ text: 'x${r.id}', free: '${r.list}' });
    assert.ok(isJsonObject(marked));
    assert.equal(marked['text'], knownLater);
    assert.deepEqual(plain, { text: null, free: [true, null] });
    assert.equal(isWhole, false);
  });

  for (const [template, pattern] of [
    ['${r.nam}', /config\.text: \$\{r\.nam\} of r: it has no attribute "nam"; did you mean "name"/],
    ['${r.tags.none}', /tags has no element "none"/],
    ['${r.list[7]}', /list has no element 7/],
    ['${r.list.first}', /list is a list: use an index/],
    ['${r.none} text', /is null, which is no text/],
    ['text ${r.tags}', /is no single text or number/],
    ['${r.secret}', /is sensitive/],
  ] as const) {
    it(`${template} is refused with place and reason`, () => {
      assert.throws(() => fill({ text: template }), pattern);
    });
  }

  it('carry a secret below a sensitive attribute', () => {
    assert.deepEqual(fill({ secret: { key: '${r.secret}' } }).plain, { secret: { key: 'hush' } });
  });

  it('take the longest id that is known', () => {
    assert.deepEqual(
      parseExpression('r.x.name', (id) => id === 'r' || id === 'r.x'),
      { resourceID: 'r.x', steps: ['name'] },
    );
    assert.deepEqual(
      parseExpression('r.x.name', (id) => id === 'r'),
      { resourceID: 'r', steps: ['x', 'name'] },
    );
    assert.match(JSON.stringify(parseExpression('r', () => true)), /must be a resource and an attribute/);
    assert.match(JSON.stringify(parseExpression('r.a b', () => true)), /is not a way to an attribute/);
  });
});
