import assert from 'node:assert/strict';

import { isDeceiving, replaceDeceiving, withoutCommands } from './deceiving-text.ts';

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

describe('what a terminal takes for commands', () => {
  const cases: readonly [string, string][] = [
    ['\u001b[1;31mred\u001b[0m \u009b31mred\u009bm', 'red red'],
    ['\u001b[?25l\u001b[2 q\u001b[2Kgone', 'gone'],
    ['\u001b]8;;https://a.example\u001b\\link\u001b]8;;\u0007 \u009d0;title\u009ctext', 'link text'],
    ['\u001b(Bplain\u001b7\u001bc', 'plain'],
    ['\u001bP1$r0m\u001b\\\u0090x\u009cy', 'y'],
  ];
  for (const [raw, left] of cases)
    it(`is taken out of ${JSON.stringify(raw)}`, () => assert.equal(withoutCommands(raw), left));

  it('takes no text along that a beginning without an end stands before', () => {
    assert.equal(withoutCommands('a\u001b]0;title\nb\u0007'), 'a\u001b]0;title\nb\u0007');
    assert.equal(withoutCommands('a\u001bb \u001b]0; c'), 'a\u001bb \u001b]0; c');
  });

  it('is found in no time among beginnings without an end', () => {
    // were each looked at to the end of the text, this would take minutes
    for (const beginning of ['\u001b]0;', '\u001b[', '\u001bP', '\u009b1;2;', '\u009d', '\u001b[1;'])
      withoutCommands(beginning.repeat(400_000));
  });
});
