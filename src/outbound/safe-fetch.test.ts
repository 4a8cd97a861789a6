import assert from 'node:assert/strict';

import { createSafeFetch } from './index.ts';

const limits = { timeoutMs: 1_000, maxBytes: 5_000 };

describe('documents that anybody may name', () => {
  for (const url of [
    'https://example.com:8443/',
    'http://example.com/',
    'https://user:secret@example.com/',
    'https://127.0.0.1/',
    'https://[::ffff:7f00:1]/',
    'file:///etc/passwd',
    'not a url',
    '',
  ]) {
    it(`are not got from ${JSON.stringify(url)}`, async () => {
      const lookup = (): never => assert.fail('nothing was to be looked up');
      await assert.rejects(createSafeFetch({ ...limits, lookup })(url), { code: 'BAD_INPUT' });
    });
  }

  for (const address of ['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', 'fd00::1', '::ffff:127.0.0.1']) {
    it(`are not got from a name that means ${address}`, async () => {
      const family = address.includes(':') ? 6 : 4;
      const fetchDocument = createSafeFetch({ ...limits, lookup: async () => [{ address, family }] });
      await assert.rejects(fetchDocument('https://client.example/'), { code: 'BAD_INPUT', message: /is refused/ });
    });
  }
});
