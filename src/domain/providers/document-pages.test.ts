import assert from 'node:assert/strict';

import fc from 'fast-check';

import { pagesOf } from './document-pages.ts';

const MAX_CHARACTERS = 18_000;

describe('the pages of a document', () => {
  it('are one for a short text, and for none', () => {
    assert.deepEqual(pagesOf('a'), ['a']);
    assert.deepEqual(pagesOf(''), ['']);
  });

  it('end where a section does, else a paragraph, else a line', () => {
    const filling = 'x'.repeat(15_000);
    const ends = (seam: string): string => (pagesOf(`${filling}${seam}${'y'.repeat(10_000)}`)[0] ?? '').slice(14_995);
    assert.equal(ends('\n\n## Next\n\n'), 'xxxxx\n\n');
    assert.equal(ends('\n\nNext'), 'xxxxx\n\n');
    assert.equal(ends('\nNext'), 'xxxxx\n');
  });

  it('hold all of it in order, are never too long, and cut no letter in two', () => {
    const piece = fc.constantFrom('x', '😀', '\n', '\n\n', '\n## a', 'word '.repeat(500), '😀'.repeat(7_001));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const text = pieces.join('');
        const pages = pagesOf(text);
        assert.equal(pages.join(''), text);
        assert.ok(pages.every((page) => page.length <= MAX_CHARACTERS && page.isWellFormed()));
      }),
    );
  });
});
