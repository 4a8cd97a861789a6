import assert from 'node:assert/strict';

import type { TestServer } from '../testing/server.ts';
import { sharedServer } from '../testing/shared-server.ts';

const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

// Whatever is answered, and to whomever: what is missing here a browser would make up.
describe('every answer', function () {
  let server: TestServer;
  before(async () => {
    server = await sharedServer();
  });

  const requests: readonly (readonly [string, RequestInit, number])[] = [
    ['/', {}, 200],
    ['/graphql?query={viewer{name}}', { headers: { accept: 'application/json' } }, 200],
    ['/graphql', { headers: { accept: 'text/html' } }, 200],
    ['/graphql', { method: 'POST', body: '{', headers: json }, 400],
    ['/mcp', { method: 'POST', body: '{}', headers: json }, 401],
    ['/intent/mcp', { method: 'GET' }, 401],
    ['/sign-in', {}, 200],
    ['/account', { redirect: 'manual' }, 302],
    ['/invitation/none', {}, 404],
    ['/cli_login', {}, 400],
    ['/auth_success', {}, 200],
    ['/oauth/consent/none', {}, 404],
    ['/oauth/authorize', {}, 400],
    ['/oauth/token', { method: 'POST', body: new URLSearchParams({ grant_type: 'x' }) }, 400],
    ['/oauth/register', { method: 'POST', body: '{}', headers: json }, 400],
    ['/oauth/jwks', {}, 200],
    ['/oauth/nothing', {}, 404],
    ['/.well-known/oauth-authorization-server', {}, 200],
    ['/.well-known/oauth-protected-resource/mcp', {}, 200],
    ['/.well-known/sluice-audit-key', {}, 200],
    ['/.well-known/policy-contract.json', {}, 200],
    ['/healthz', {}, 200],
    ['/metrics', {}, 200],
    ['/nowhere', {}, 404],
  ];

  for (const [path, init, status] of requests) {
    it(`of ${init.method ?? 'GET'} ${path} says how browsers must treat it`, async () => {
      const answer = await fetch(server.url + path, init);
      await answer.arrayBuffer();
      assert.equal(answer.status, status);
      const header = (name: string): string => answer.headers.get(name) ?? '';
      assert.equal(header('x-content-type-options'), 'nosniff');
      assert.match(header('content-security-policy'), /frame-ancestors 'none'/);
      assert.match(header('content-security-policy'), /default-src 'none'/);
      assert.match(header('referrer-policy'), /^(?:no-referrer|same-origin)$/);
      const isForAll = path.startsWith('/.well-known/') || path === '/oauth/jwks' || header('etag') !== '';
      if (!isForAll) assert.match(header('cache-control'), /no-store/);
    });
  }

  it('to an assistant that is let in, too', async () => {
    const headers = { ...json, authorization: `Bearer ${await server.adminToken()}` };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
    const answer = await fetch(`${server.url}/mcp`, { method: 'POST', headers, body });
    await answer.arrayBuffer();
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
    assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
    assert.match(answer.headers.get('cache-control') ?? '', /no-(?:store|cache)/);
  });
});
