import assert from 'node:assert/strict';

import { anonymous, type Caller, type Origin } from '../shared/caller.ts';
import { AppError } from '../shared/errors.ts';
import { createAuthenticate, createHostCheck, parseBearer } from './index.ts';

const origin: Origin = { via: 'GRAPHQL', requestId: 'test', remoteAddress: undefined, client: undefined };
const caller: Caller = { ...anonymous, principal: { kind: 'API_KEY', id: 'key-1', name: 'ci' } };

describe('who is calling', () => {
  it('is a stranger without the header', async () => {
    const authenticate = createAuthenticate(() => assert.fail('nothing was to be verified'));
    assert.equal(await authenticate(undefined, '/graphql', origin), anonymous);
    assert.equal(await authenticate('', '/graphql', origin), anonymous);
  });

  it('is whom the token names', async () => {
    const seen: string[] = [];
    const authenticate = createAuthenticate((token) => {
      seen.push(token);
      return caller;
    });
    assert.equal(await authenticate('Bearer abc.def-_~+/=', '/graphql', origin), caller);
    assert.equal(await authenticate('bearer   abc  ', '/graphql', origin), caller);
    assert.deepEqual(seen, ['abc.def-_~+/=', 'abc']);
  });

  for (const header of [
    'Bearer',
    'Bearer ',
    'Basic YTpi',
    'Bearer a b',
    'Bearer "x"',
    'Bearer é',
    `Bearer ${'x'.repeat(9_000)}`,
    'xBearer a',
  ]) {
    it(`cannot be read from ${JSON.stringify(header.slice(0, 20))}`, () => {
      assert.throws(
        () => parseBearer(header),
        (error: unknown) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, 'UNAUTHENTICATED');
          assert.match(error.message, /^unauthorized: .*send "Authorization: Bearer <token>"/);
          return header.length < 10 || !error.message.includes(header.slice(7, 30));
        },
      );
    });
  }
});

describe('the name under which a request came', () => {
  it('is that of the public URL, with the default port or without', () => {
    const check = createHostCheck('https://sluice.example', []);
    for (const host of ['sluice.example', 'SLUICE.example', 'sluice.example:443']) assert.ok(check(host), host);
    for (const host of [undefined, '', 'sluice.example:80', 'sluice.example.evil', 'localhost', 'evil', '[::1]']) {
      assert.ok(!check(host), String(host));
    }
  });

  it('is any loopback name with the same port for a server on this computer', () => {
    const check = createHostCheck('http://localhost:4000', []);
    for (const host of ['localhost:4000', '127.0.0.1:4000', '[::1]:4000']) assert.ok(check(host), host);
    for (const host of ['localhost', 'localhost:4001', '127.0.0.2:4000', '0.0.0.0:4000', 'localhost.:4000']) {
      assert.ok(!check(host), host);
    }
  });

  it('may be one of those allowed', () => {
    const check = createHostCheck('https://sluice.example', ['internal:8080']);
    assert.ok(check('internal:8080'));
    assert.ok(!check('internal'));
  });
});
