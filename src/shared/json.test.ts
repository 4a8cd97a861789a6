import assert from 'node:assert/strict';

import fc from 'fast-check';

import { canonicalJson, isJsonObject, type Json } from './json.ts';

/** The plain way to say it: what was hashed at first was made like this. */
function plainly(value: Json): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

describe('canonical JSON', () => {
  it('is one text for equal values, whatever the order of their keys', () => {
    assert.equal(canonicalJson({ b: [{ d: 1, c: null }], a: 'x' }), '{"a":"x","b":[{"c":null,"d":1}]}');
    assert.equal(canonicalJson({ b: 1, '10': 2, '9': 3, a: 4, '010': 5 }), '{"9":3,"10":2,"010":5,"a":4,"b":1}');
    assert.equal(
      canonicalJson({ '4294967295': 1, '4294967294': 2, '-1': 3 }),
      plainly({ '4294967295': 1, '4294967294': 2, '-1': 3 }),
    );
  });

  it('is for every value the text that it has always been', () => {
    const key = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.constantFrom('__proto__', '4294967295', '4294967294', '01'),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('object'),
      ),
      list: fc.array(tie('value'), { maxLength: 4 }),
      object: fc.dictionary(key, tie('value'), { maxKeys: 6 }),
    }));
    fc.assert(
      fc.property(value as fc.Arbitrary<Json>, (json) => canonicalJson(json) === plainly(json)),
      { numRuns: 2_000 },
    );
  });
});
