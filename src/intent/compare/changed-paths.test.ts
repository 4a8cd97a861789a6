import assert from 'node:assert/strict';

import fc from 'fast-check';

import { isDeceiving } from '../../shared/deceiving-text.ts';
import { formatPath } from '../../shared/problems.ts';
import { aValue } from '../../testing/schemas.ts';
import { changedPaths } from './changed-paths.ts';
import { shownPaths } from './shown-paths.ts';

const between = (before: Parameters<typeof aValue>[0], after: Parameters<typeof aValue>[0]) =>
  changedPaths(aValue(before), aValue(after)).map(formatPath);

describe('where two states differ', () => {
  it('is told by the deepest places that both have', () => {
    assert.deepEqual(between({ a: 1, b: { c: 'x', d: 'y' } }, { a: 1, b: { c: 'x', d: 'z' } }), ['b.d']);
    assert.deepEqual(between({ l: [{ a: 1 }, { a: 2 }] }, { l: [{ a: 1 }, { a: 3 }] }), ['l[1].a']);
    assert.deepEqual(between({ l: ['x'] }, { l: ['x', 'y'] }), ['l']);
    assert.deepEqual(between({ m: { k: 'v' } }, { m: { k: 'v', n: 'w' } }), ['m.n']);
    assert.deepEqual(between({ m: { k: 'v' } }, { m: {} }), ['m.k']);
    assert.deepEqual(between({ a: null }, { a: { b: 1 } }), ['a']);
  });

  it('is nowhere between equals', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), (plain) => assert.deepEqual(between(plain, plain), [])),
    );
  });
});

describe('a list of places', () => {
  it('is told in letters that anybody can read, and not at any length', () => {
    const paths = Array.from({ length: 1_000 }, (_, at) => ['tags', `\u001b[31m${at}${'k'.repeat(2_000)}`]);
    const shown = shownPaths(paths);
    assert.equal(shown.length, 101);
    assert.equal(shown.at(-1), '…');
    assert.ok(shown.every((path) => path.length <= 501 && !isDeceiving(path)));
    assert.deepEqual(shownPaths([['tags', 'a']]), ['tags.a']);
  });
});
