import assert from 'node:assert/strict';

import { maskOf } from './mask-text.ts';

const SECRET = 'Tr0ub4dor&3 "x" (é)';
const masked = (text: string, ...secrets: string[]) => maskOf(secrets)?.(text) ?? text;

describe('a secret in the words of a provider', () => {
  const json = JSON.stringify(SECRET);
  const spellings: [string, string][] = [
    ['as it is', SECRET],
    ['quoted', json.slice(1, -1)],
    ['quoted as Go does it', json.slice(1, -1).replace('&', '\\u0026')],
    ['in an address', encodeURIComponent(SECRET)],
    ['in a form', encodeURIComponent(SECRET).replaceAll('%20', '+').replace('(', '%28').replace(')', '%29')],
    ['in hexadecimal', Buffer.from(SECRET).toString('hex')],
    ['in capital hexadecimal', Buffer.from(SECRET).toString('hex').toUpperCase()],
  ];
  for (const [how, text] of spellings) {
    it(`is taken out ${how}`, () => assert.equal(masked(`sent <${text}> off`, SECRET), 'sent <(sensitive)> off'));
  }

  for (const before of ['', 'u', 'us', 'use', 'user:']) {
    it(`is taken out of base64 after ${before.length} others`, () => {
      const said = masked(Buffer.from(`${before}${SECRET}!`).toString('base64'), SECRET);
      assert.match(said, /\(sensitive\)/);
      const left = Buffer.from(said.replace('(sensitive)', ''), 'base64').toString('latin1');
      assert.ok(!left.includes('ub4'), left);
    });
  }

  it('is taken out of addresses in base64', () => {
    const bytes = Buffer.from('??>>~~secret~~??>>');
    assert.equal(masked(bytes.toString('base64url'), bytes.toString()), '(sensitive)');
  });

  it('is taken out line by line where it has several, however they are put together', () => {
    const key = '-- KEY --\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEA\nshort';
    assert.equal(masked('bad key:\n  | AQEFAASCBKcwggSjAgEA\n  | short', key), 'bad key:\n  | (sensitive)\n  | short');
  });

  it('is taken out where characters that deceive were replaced before', () => {
    assert.equal(masked('said "abc\ufffddef"', 'abc\u202edef'), 'said "(sensitive)"');
  });

  it('is left where it is too short to tell from chance', () => {
    assert.equal(maskOf(['abc', '', ' a ']), undefined);
    assert.equal(masked('61626364 abcd', 'abcd'), '61626364 (sensitive)');
  });
});
