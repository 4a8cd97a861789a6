import assert from 'node:assert/strict';

import { cleanDocument, cleanWords } from './clean-document.ts';

const clean = (text: string): string => cleanDocument(Buffer.from(text));

describe('a document of strangers', () => {
  const cases: readonly [string, string, string][] = [
    ['colours of a terminal', 'a\u001b[31mb\u001b[0m', 'ab'],
    ['text turned round, and what has no width', 'user\u202egnp.exe\u200b\ufeff', 'usergnp.exe'],
    ['hidden letters', `ok\u{e0049}\u{e0067}`, 'ok'],
    ['images', 'a ![x](https://e.example/?q) b', 'a ! [x](https://e.example/?q) b'],
    ['images that appear when letters go', '!\u200b[x](y) <\u200bimg src=x>', '! [x](y) < img src=x>'],
    ['tags that fetch or run', '<IMG src=x><script>a</script></style>', '< IMG src=x>< script>a< /script>< /style>'],
    ['comments that only an assistant reads', 'a <!-- IGNORE --> b', 'a < !-- IGNORE --> b'],
    ['line ends that overwrite', 'evil\rgood', 'evil\ngood'],
  ];
  for (const [what, raw, expected] of cases) it(`loses ${what}`, () => assert.equal(clean(raw), expected));

  it('is text, whatever its bytes are', () => {
    assert.equal(cleanDocument(Uint8Array.of(0xff, 0, 0x41)), '\ufffdA');
  });

  it('keeps what people read', () => {
    const text = '# Zürich 東京\n\n- a\tb\n\n```hcl\nresource "a" "b" {}\n```\n\n| a | b |\n<details><br> 1 < 2 <imgs>';
    assert.equal(clean(text), text);
  });

  it('loses its header for machines, and only that', () => {
    assert.equal(clean('---\r\ntitle: x\r\n---\r\n\r\n# A\r\n'), '# A');
    assert.equal(clean('---\nno end'), '---\nno end');
    assert.equal(clean(`---\n${'x'.repeat(20_000)}\n---\nb`).length, 20_010);
  });

  it('has titles of one line', () => {
    assert.equal(cleanWords(' a\n\u001b[1mb\u202e  ![c](d) '), 'a b ! [c](d)');
    assert.equal(cleanWords('x'.repeat(100_000)).length, 300);
  });
});
