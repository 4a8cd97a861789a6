import assert from 'node:assert/strict';

import { isDeceiving, replaceDeceiving } from './deceiving-text.ts';

const harmful = [
  '\u0000',
  '\u001b',
  '\u007f',
  '\u009b',
  '\u00ad',
  '\u061c',
  '\u180e',
  '\u200b',
  '\u200e',
  '\u200f',
  '\u2028',
  '\u2029',
  '\u202a',
  '\u202e',
  '\u2060',
  '\u2064',
  '\u2066',
  '\u2069',
  '\ufeff',
  '\ufff9',
  '\u{e0001}',
  '\u{e0002}', // not assigned
  '\u{e0041}',
  '\u{e007f}',
  '\u{1d173}',
];

describe('characters that deceive', () => {
  for (const character of harmful) {
    const name = `U+${character.codePointAt(0)?.toString(16).padStart(4, '0')}`;
    it(`include ${name}, whatever is spared`, () => {
      assert.equal(isDeceiving(`a${character}b`), true);
      for (const spared of ['nothing', 'lines', 'lines and joiners'] as const)
        assert.equal(replaceDeceiving(`a${character}b`, '?', spared), 'a?b');
    });
  }

  it('are no letters, marks, emoji or spaces of any script', () => {
    for (const text of ['Zoë (β)', 'שלום', '\u0600\u0661', 'e\u0301', '👍🏽', '☎\ufe0f', 'a\u00a0b', 'x\u3000y']) {
      assert.equal(isDeceiving(text), false, text);
      assert.equal(replaceDeceiving(text, '?'), text);
    }
  });

  it('are spared where they belong', () => {
    const text = 'a\tb\nc\rd 👩\u200d💻';
    assert.equal(replaceDeceiving(text, '?'), 'a?b?c?d 👩?💻');
    assert.equal(replaceDeceiving(text, '?', 'lines'), 'a\tb\nc?d 👩?💻');
    assert.equal(replaceDeceiving(text, '?', 'lines and joiners'), 'a\tb\nc?d 👩\u200d💻');
  });
});
