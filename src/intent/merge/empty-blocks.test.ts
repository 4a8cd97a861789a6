import assert from 'node:assert/strict';

import { unknown, type Value } from '../../providers/index.ts';
import { aBlock, anAttribute, aNestedBlock, aValue } from '../../testing/schemas.ts';
import { withEmptyBlocks } from './empty-blocks.ts';

const inner = aBlock([anAttribute('key', 'optional')], [aNestedBlock('deep', 'LIST', aBlock([]))]);
const kinds = ['LIST', 'SET', 'MAP', 'SINGLE'] as const;
const schema = aBlock(
  [anAttribute('name', 'optional')],
  kinds.map((kind) => aNestedBlock(kind.toLowerCase(), kind, inner)),
);
const object = (blocks: Readonly<Record<string, Value>>): Value =>
  new Map<string, Value>([
    ['name', null],
    ...kinds.map((kind): [string, Value] => [kind.toLowerCase(), blocks[kind.toLowerCase()] ?? null]),
  ]);

describe('a state of the old SDK', () => {
  it('has no blocks where it has null, and no attribute is touched', () => {
    assert.deepEqual(
      withEmptyBlocks(schema, object({})),
      object({ list: [], set: [], map: new Map<string, Value>(), single: null }),
    );
  });

  it('is completed deep inside too', () => {
    const bare = aValue({ key: null, deep: null });
    const whole = aValue({ key: null, deep: [] });
    const before = object({ list: [bare], set: [bare], map: new Map([['a', bare]]), single: bare });
    assert.deepEqual(
      withEmptyBlocks(schema, before),
      object({ list: [whole], set: [whole], map: new Map([['a', whole]]), single: whole }),
    );
  });

  it('stays the very same where nothing is to be done', () => {
    const list = aBlock([anAttribute('name', 'optional')], [aNestedBlock('list', 'LIST', inner)]);
    const whole = aValue({ name: 'a', list: [{ key: 'k', deep: [] }] });
    assert.equal(withEmptyBlocks(list, whole), whole);
    assert.equal(withEmptyBlocks(list, null), null);
    const open = new Map<string, Value>([['name', null], ['list', unknown]]); // prettier-ignore
    assert.equal(withEmptyBlocks(list, open), open);
  });
});
