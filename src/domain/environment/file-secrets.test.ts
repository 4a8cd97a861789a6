import assert from 'node:assert/strict';

import { fileSecrets } from './file-secrets.ts';

const partsOf = (text: string) => fileSecrets(Buffer.from(text));

describe('what a provider could quote of a secret file', () => {
  it('is all of a token, however short', () => {
    assert.deepEqual(partsOf('token\n'), ['token']);
    assert.deepEqual(partsOf(' \n'), []);
  });

  it('is each line of a key, but no short one', () => {
    const line = 'MIIEvQIBADANBgkqhkiG9w0BAQ';
    assert.deepEqual(partsOf(`-- KEY --\n${line}\nend\n`), [`-- KEY --\n${line}\nend`, line]);
  });

  it('is what a line gives a name to', () => {
    const secret = 'wJalrXUtnFEMIbPxRfiCYEXAMPLEKEY';
    const text = `[default]\nsecret_access_key = ${secret}\ntoken: "${secret}2",`;
    assert.ok(partsOf(text).includes(secret));
    assert.ok(partsOf(text).includes(`${secret}2`));
  });

  it('is each text of a JSON file, and its lines', () => {
    const found = partsOf(
      JSON.stringify({ type: 'account', keys: [{ pem: 'first line of the key\nsecond line of it' }] }),
    );
    assert.deepEqual(found.slice(1), [
      'first line of the key\nsecond line of it',
      'first line of the key',
      'second line of it',
    ]);
  });

  it('is nothing of a large file, which nobody quotes', () => {
    assert.deepEqual(partsOf('x'.repeat(200_000)), []);
  });
});
